"""Where the connector remembers whom it put into an audience: the memory that a tracked mirror needs."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.config.setting import setting

SHORTEST_KEY: Final = 16


def _store_key(order: int) -> str:
    """The setting of the secret that both kinds of store need."""
    key: str = setting(
        min_length=SHORTEST_KEY,
        description=(
            f"A secret of your own, {SHORTEST_KEY} characters or more, that everything in the store is encrypted with. "
            "Keep it: without it the store can't be read, and with another one a sync stops."
        ),
        title="Store key",
        order=order,
        form={"airbyte_secret": True},
    )
    return key


class NoMembershipStore(BaseModel):
    """Nothing is remembered between syncs."""

    model_config = ConfigDict(title="None", extra="allow", frozen=True)

    store_type: Literal["none"] = setting("none", order=0)


class LocalMembershipStore(BaseModel):
    """A folder that is still there at the next sync: a mounted volume, or a disk of your own."""

    model_config = ConfigDict(title="Local folder", extra="allow", frozen=True)

    store_type: Literal["local"] = setting("local", order=0)
    path: str = setting(
        min_length=1,
        description=(
            "The folder: a mounted volume, or a disk, that is there at every sync and that only this connector uses."
        ),
        examples=["/data/pinterest-membership"],
        title="Folder",
        order=1,
    )
    store_key: str = _store_key(2)


class S3MembershipStore(S3Access):
    """An S3 bucket."""

    model_config = ConfigDict(title="S3", extra="allow", frozen=True)

    store_type: Literal["s3"] = setting("s3", order=0)
    store_key: str = _store_key(8)
