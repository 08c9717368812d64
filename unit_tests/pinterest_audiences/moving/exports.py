"""Exports and listings that the tests of moving over share."""

from __future__ import annotations

from typing import Any

ACCOUNT = "549755885175"
SECRET = "secret-of-the-old-flow"


def old_flow(*audiences: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A dataflow with its target connection, as Flow Service gives them; three namespaces are mapped."""
    selectors = [{"type": "PLATFORM_SEGMENT", "value": each} for each in audiences]
    paths = ("Email_LC_SHA256", "GAID", "ECID")
    profile = [{"type": "JSON_PATH", "value": {"path": f"identityMap.{path}"}} for path in paths]
    params = {"profileSelectors": {"selectors": profile}, "segmentSelectors": {"selectors": selectors}}
    flow = {"flowSpec": {"id": "f"}, "transformations": [{"name": "GeneralTransform", "params": params}], **more}
    target = {"connectionSpec": {"id": "t"}, "params": {"advertiserId": ACCOUNT}, "auth": {"accessToken": SECRET}}
    return {"items": [flow, target]}


def listing(*audiences: tuple[str, str], size: int = 1_000) -> dict[str, Any]:
    """What `audiences --json` prints, of names and ids."""
    listed = [
        {"name": name, "audience_id": audience_id, "audience_size": size, "updated": "2026-11-20T00:00:00Z"}
        for name, audience_id in audiences
    ]
    return {"schema_version": 1, "status": "succeeded", "ad_account_id": ACCOUNT, "audiences": listed}
