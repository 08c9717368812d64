"""Full refreshes in each host: what replaces an audience, what is only added to it, and what is refused.

The tests look at a host's story from several sides.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from integration_tests.orchestrator.replacement_story import (
    BREAKING,
    FEW,
    HOSTS,
    LONG,
    MORE,
    NEW,
    OLD,
    PLATFORMS,
    RESUMING,
    Connector,
    Story,
)
from integration_tests.orchestrator.streams import StreamState
from integration_tests.orchestrator.watched_audiences import (
    generations_of,
    left_over_of,
    people,
    reported_left_over,
)
from integration_tests.sandbox_process import RunningSandbox

ADDED_TO = "is not replaced but added to"
UNPROVEN = "ended without proof that the whole table"


@pytest.fixture(scope="session")
def story(connector: Connector, pinterest: RunningSandbox) -> Callable[[str], Story]:
    """A host's story, run when it is first asked for."""
    return cache(lambda host: Story(host, pinterest).run(connector))


Stories = Callable[[str], Story]


@pytest.mark.parametrize("host", HOSTS)
def test_a_whole_table_replaces_the_audience_which_keeps_its_id(story: Stories, host: str) -> None:
    told = story(host)
    for stream in told.replaced:
        assert {moment[stream.name] for name, moment in told.after.items() if name != "broken"} == {NEW}
    found = {each["name"]: each["id"] for each in told.pinterest.audiences() if each["name"] in told.ids}
    assert found == told.ids


@pytest.mark.parametrize("host", HOSTS)
def test_at_every_moment_the_audience_is_the_old_or_the_new_one(story: Stories, host: str) -> None:
    told = story(host)
    assert told.seen == {OLD, NEW}


@pytest.mark.parametrize("host", HOSTS)
def test_rows_that_may_be_a_rest_are_added_and_it_is_said_why(story: Stories, host: str) -> None:
    told = story(host)
    assert told.guarded is not None
    for stream in told.added_to:
        assert told.after["guarded"][stream.name] == MORE
    assert told.after["guarded"][told.log.name] == OLD | people([9])
    warned = [text for text in told.guarded.warnings if ADDED_TO in text]
    assert len(warned) == (told.paged in told.added_to)
    assert all(told.paged.name in text and "can be resumed in its middle" in text for text in warned)


@pytest.mark.parametrize("host", BREAKING)
def test_an_unproven_end_fails_for_a_while_and_keeps_the_states_back_of_what_starts_anew(
    story: Stories, host: str
) -> None:
    told = story(host)
    broken = told.broken
    assert broken is not None
    assert broken.status == ("cancelled" if host == "platform" else "failed")
    assert (broken.exit_code, broken.failure_type) == (1, "transient_error")
    assert UNPROVEN in broken.message
    # That of a table whose attempts may go on from each other comes back too: only the host knows whether they do.
    first = [told.log.state('{"cursor":1}'), told.paged.state('{"page":1}')]
    if host not in PLATFORMS:
        first.append(told.refreshed.state('{"cursor":1}'))
    assert [sent.state for sent in broken.acknowledged] == first


@pytest.mark.parametrize("host", PLATFORMS)
def test_an_unproven_end_fails_no_table_that_the_next_attempt_may_go_on_with(story: Stories, host: str) -> None:
    told = story(host)
    assert told.broken is not None
    (warning,) = [text for text in told.broken.warnings if UNPROVEN in text and f'"{told.paged.name}"' in text]
    assert "The next attempt continues" in warning


@pytest.mark.parametrize("host", BREAKING)
def test_an_end_of_the_input_alone_replaces_nothing(story: Stories, host: str) -> None:
    told = story(host)
    for stream in (*told.replaced, told.empty, told.shrunk):
        assert told.after["broken"][stream.name] == OLD


@pytest.mark.parametrize("host", HOSTS)
def test_the_guard_refuses_a_table_that_shrank_and_names_the_way_out(story: Stories, host: str) -> None:
    told = story(host)
    guarded = told.guarded
    assert guarded is not None
    assert (guarded.status, guarded.exit_code, guarded.failure_type) == ("failed", 1, "config_error")
    assert not guarded.is_retried
    for words in (f'"{told.shrunk.name}"', "5 of 8 identifiers", "as Pinterest counts", "max_removal_percent"):
        assert words in guarded.message
    assert told.after["guarded"][told.shrunk.name] == OLD


@pytest.mark.parametrize("host", LONG)
def test_once_the_guard_permits_it_the_next_job_replaces(story: Stories, host: str) -> None:
    told = story(host)
    assert told.after["raised"][told.shrunk.name] == FEW
    assert told.raised is not None
    assert told.raised.acknowledged == told.raised.sent


@pytest.mark.parametrize("host", HOSTS)
def test_states_of_a_replacement_that_is_refused_do_not_come_back_and_all_others_do(story: Stories, host: str) -> None:
    told = story(host)
    guarded = told.guarded
    assert guarded is not None
    sent = [each.state for each in guarded.sent]
    refused = told.shrunk.state("{}").stream
    returned = [state for state in sent if isinstance(state, StreamState) and state.stream != refused]
    assert [each.state for each in guarded.acknowledged] == returned
    assert len(returned) < len(sent)


@pytest.mark.parametrize("host", HOSTS)
def test_an_empty_table_keeps_the_audience_and_it_is_said_what_would_empty_it(story: Stories, host: str) -> None:
    told = story(host)
    guarded = told.guarded
    assert guarded is not None
    assert told.after["guarded"][told.empty.name] == OLD
    prefix = f'Audience "{told.empty.name}": The table has no usable rows'
    (warning,) = [text for text in guarded.warnings if text.startswith(prefix)]
    assert "Allow an empty audience" in warning


@pytest.mark.parametrize("host", LONG)
def test_an_empty_table_empties_the_audience_where_that_is_permitted(story: Stories, host: str) -> None:
    """A list is never born empty: somebody who is nobody is in it."""
    told = story(host)
    assert told.after["raised"][told.empty.name].isdisjoint(MORE)
    assert len(told.after["raised"][told.empty.name]) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_an_attempt_goes_on_with_the_list_of_the_one_before_it_or_begins_its_own(story: Stories, host: str) -> None:
    told = story(host)
    expected = {told.table: told.attempts, told.marked: told.attempts, told.paged: 0, told.refreshed: 0}
    if host in PLATFORMS:
        expected |= {told.paged: told.attempts, told.refreshed: told.attempts}
    if host == RESUMING:
        expected[told.paged] = 1
    for stream, count in expected.items():
        assert len(generations_of(told.pinterest, stream.name)) == count, stream.name
        assert len(left_over_of(told.pinterest, stream.name)) == max(0, count - 1), stream.name


@pytest.mark.parametrize("host", HOSTS)
def test_the_report_names_each_list_that_is_left_over(story: Stories, host: str) -> None:
    told = story(host)
    last = told.raised or told.guarded
    assert last is not None
    for stream in (*told.replaced, *told.added_to, told.log):
        left_over = left_over_of(told.pinterest, stream.name)
        if stream in told.replaced and last is told.guarded:
            left_over.add(told.lists[stream.name])  # It has just been replaced.
        assert reported_left_over(last, stream.name) == left_over, stream.name


@pytest.mark.parametrize("host", BREAKING)
def test_the_report_names_what_an_earlier_attempt_and_what_a_refused_one_left(story: Stories, host: str) -> None:
    told = story(host)
    assert told.guarded is not None
    first, second, *_ = sorted((found["id"] for found in generations_of(told.pinterest, told.shrunk.name)), key=int)
    assert reported_left_over(told.guarded, told.shrunk.name) == {first, second}
