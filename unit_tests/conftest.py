"""What tests of the assembled connector share: a Pinterest, a clock, and a reader of output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from destination_pinterest.protocol.emit import MessageWriter
from unit_tests.support.clock import Clock
from unit_tests.support.examples import ARE_FEW, examples
from unit_tests.support.fake_pinterest import AD_ACCOUNT, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.rig import make_client, make_creator, make_lane, make_rig

__all__ = ["make_client", "make_creator", "make_lane", "make_rig"]  # fixtures of every room

# How long it takes to draw or to try an example says how busy the machine is, not whether the code is right.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("few examples", settings.get_profile("any machine"), max_examples=examples(100))
settings.load_profile("few examples" if ARE_FEW else "any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage is of what is tested on purpose; measuring what chance comes to would take half of its time again."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")


STREAMS = Path(__file__).parent / "streams"


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither read nor written is what the developer's own runs have left: profiles and the history."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def pinterest() -> FakePinterest:
    return FakePinterest()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def messages(outbox: Outbox, clock: Clock) -> MessageWriter:
    return MessageWriter(outbox, now=clock.now, scrub=lambda text: text)


@pytest.fixture
def raw_config() -> dict[str, Any]:
    """A config with a token that can't be renewed, for an app whose quota is not limited."""
    return {
        "credentials": {"auth_method": "access_token", "access_token": "pina_pasted"},
        "ad_account_id": AD_ACCOUNT,
        "access_tier": "none",
    }


@pytest.fixture
def oauth_config() -> dict[str, Any]:
    """A config with a sign-in that has no access token yet."""
    credentials = {
        "auth_method": "oauth2.0", "client_id": "1234567", "client_secret": "app-secret", "refresh_token": "pinr_first",
    }  # fmt: skip
    return {"credentials": credentials, "ad_account_id": AD_ACCOUNT, "access_tier": "none"}


@pytest.fixture
def scenario() -> Callable[[str], bytes]:
    """The lines of one file under streams/."""
    return lambda name: (STREAMS / f"{name}.jsonl").read_bytes()
