"""Settings for the membership store, in which the connector remembers the members that it added."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import ConfigDict

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.config.setting import Settings, setting

SHORTEST_KEY: Final = 16


def _store_key(order: int) -> str:
    """The setting of the store key, which both kinds of store need."""
    key: str = setting(
        min_length=SHORTEST_KEY,
        description=(
            f"A secret of your own, {SHORTEST_KEY} characters or more, that encrypts everything in the store. "
            "Keep it safe: without it, the store can't be read and syncs fail."
        ),
        title="Store key",
        order=order,
        form={"airbyte_secret": True},
    )
    return key


class NoMembershipStore(Settings):
    """Nothing is remembered between syncs."""

    model_config = ConfigDict(title="None")

    store_type: Literal["none"] = setting("none", order=0)


class LocalMembershipStore(Settings):
    """A folder that persists between syncs: a mounted volume, or a disk of your own."""

    model_config = ConfigDict(title="Local folder")

    store_type: Literal["local"] = setting("local", order=0)
    path: str = setting(
        min_length=1,
        description=(
            "The path of a folder on a mounted volume or a disk. It must exist at every sync, for this connector alone."
        ),
        examples=["/data/pinterest-membership"],
        title="Folder",
        order=1,
    )
    store_key: str = _store_key(2)


class S3MembershipStore(S3Access):
    """An S3 bucket."""

    model_config = ConfigDict(title="S3")

    store_type: Literal["s3"] = setting("s3", order=0)
    store_key: str = _store_key(8)
