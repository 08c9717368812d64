"""What happens to an audience only where the settings or Pinterest permit it: to be emptied, or made of a new list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.sent import SentState
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.watched_audiences import (
    People,
    audience_with,
    left_over_of,
    list_of,
    people,
    reported_left_over,
)
from integration_tests.sandbox_process import RunningSandbox

Connector = Callable[..., Destination]
OLD, NEW = people(range(1, 9)), people(range(5, 13))


@pytest.fixture
def obstinate(pinterest: RunningSandbox) -> Iterator[RunningSandbox]:
    """A Pinterest that lets audiences be changed again once the test is over."""
    yield pinterest
    pinterest.change(rule_change="allow", audience_floor="allow")


def namesakes(pinterest: RunningSandbox, name: str) -> dict[str, People]:
    """Who is in each audience of the name."""
    found = [each for each in pinterest.audiences() if each["name"] == name]
    return {each["id"]: frozenset(pinterest.members(each["rule"]["customer_list_id"])) for each in found}


def test_a_clear_empties_the_audience_where_that_is_permitted(connector: Connector, pinterest: RunningSandbox) -> None:
    """One stream of two, which brings a null state. A clear of both looks like any two empty tables."""
    cleared = Stream("cleared", sync_mode="full_refresh", destination_sync_mode="overwrite")
    other = Stream("beside it")
    ids = {stream.name: audience_with(pinterest, stream.name, OLD) for stream in (cleared, other)}
    old_list = list_of(pinterest, cleared.name)
    connection = Connection(CURRENT_PLATFORM, connector(allow_empty_audience=True), [cleared, other])
    connection.keep([SentState(b"", stream.state('{"cursor":1}'), None, 0) for stream in (cleared, other)])
    verdict = connection.clear(cleared).attempt().succeeded()
    assert [sent.state for sent in verdict.acknowledged] == [cleared.state(None)]
    assert frozenset(pinterest.members_of(cleared.name)).isdisjoint(OLD)
    assert frozenset(pinterest.members_of(other.name)) == OLD
    assert {found["name"]: found["id"] for found in pinterest.audiences() if found["name"] in ids} == ids
    assert reported_left_over(verdict, cleared.name) == {old_list}


def test_where_pinterest_changes_no_rule_the_sync_fails_or_makes_a_new_audience(
    connector: Connector, obstinate: RunningSandbox
) -> None:
    table = Stream("table of a stubborn audience", sync_mode="full_refresh", destination_sync_mode="overwrite")
    old_id = audience_with(obstinate, table.name, OLD)
    connection = Connection(CURRENT_PLATFORM, connector(), [table])

    obstinate.change(rule_change="refuse")
    failed = connection.job(whole(table)).attempt().correct()
    assert (failed.failure_type, failed.is_retried) == ("config_error", False)
    assert namesakes(obstinate, table.name) == {old_id: OLD}
    assert failed.acknowledged == ()
    assert "refused_rule_change" in failed.message
    assert old_id in failed.message
    refused = left_over_of(obstinate, table.name)
    assert len(refused) == 1

    connection.destination = connector(refused_rule_change="new_audience")
    renewed = connection.job(whole(table)).attempt().succeeded()
    (new_id,) = set(namesakes(obstinate, table.name)) - {old_id}
    assert namesakes(obstinate, table.name) == {old_id: OLD, new_id: NEW}
    assert any(new_id in text and old_id in text and "Point your campaigns" in text for text in renewed.warnings)
    assert reported_left_over(renewed, table.name) == refused == left_over_of(obstinate, table.name)


def test_a_list_that_is_too_young_for_an_audience_is_no_refusal_to_change_the_rule(
    connector: Connector, obstinate: RunningSandbox
) -> None:
    """Each new list is, for a day or two. So it is not said that all went well, nor that the audience is stubborn."""
    table = Stream("refreshed too early", sync_mode="full_refresh", destination_sync_mode="overwrite")
    old_id = audience_with(obstinate, table.name, OLD)
    connection = Connection(CURRENT_PLATFORM, connector(refused_rule_change="new_audience"), [table])
    obstinate.change(audience_floor="refuse")
    verdict = connection.job(whole(table)).attempt().correct()
    assert (verdict.status, verdict.failure_type, verdict.acknowledged) == ("failed", "config_error", ())
    assert re.search(r"does not switch it to the new customer list .* yet", verdict.message)
    texts = (verdict.message, *verdict.warnings)
    assert not any(
        words in text for text in texts for words in ("does not let the audience", "refuses to give the audience")
    )
    assert namesakes(obstinate, table.name) == {old_id: OLD}


def whole(table: Stream) -> ScriptedSource:
    return scripted(*(table.record(email=address(number)) for number in range(5, 13)))
