from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.api import endpoints
from destination_pinterest.api.endpoints import ENDPOINTS, Category, Effect, Endpoint

_CHECKOUT = Path(__file__).parents[2]
_CONTRACT = Path(
    os.environ.get("PINTEREST_OPENAPI", _CHECKOUT.parent / "shared" / "contract" / "pinterest-openapi-5.23.0.json")
)


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    if not _CONTRACT.is_file():
        pytest.skip("Pinterest's own description is not at hand; name it in PINTEREST_OPENAPI")
    return json.loads(_CONTRACT.read_text(encoding="utf-8"))


def test_the_table_of_endpoints_holds_all_of_them() -> None:
    named = [value for value in vars(endpoints).values() if isinstance(value, Endpoint)]
    assert sorted(map(str, named)) == sorted(map(str, ENDPOINTS))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_an_endpoint_is_what_pinterest_describes(endpoint: Endpoint, contract: dict[str, Any]) -> None:
    operation = contract["paths"][endpoint.template][endpoint.method.lower()]
    assert operation["x-ratelimit-category"] == endpoint.category
    granted = [scheme["pinterest_oauth2"] for scheme in operation["security"] if "pinterest_oauth2" in scheme]
    assert list(endpoint.scopes) == (granted[0] if granted else [])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_reading_has_no_effect_and_creating_is_never_repeatable(endpoint: Endpoint) -> None:
    assert (endpoint.method == "GET") == (endpoint.effect is Effect.NONE)
    assert (endpoint.method == "POST" and endpoint is not endpoints.TOKEN) == (endpoint.effect is Effect.CREATES)
    assert (endpoint.category is Category.ADS_WRITE) == (endpoint.effect is not Effect.NONE and bool(endpoint.scopes))


def test_an_endpoint_reads_as_method_and_path() -> None:
    assert str(endpoints.UPDATE_CUSTOMER_LIST) == "PATCH /ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}"
