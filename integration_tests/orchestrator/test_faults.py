"""The orchestrator finds faults: each destination here has exactly one, and the verdict names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM
from integration_tests.orchestrator.interruption import cancel, kill, states_returned, terminate
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.verdict import Counted, Verdict

A, B = Stream("a"), Stream("b", namespace="shop")
EXACT = '{"cursor":123456789012345678901234567890,"price":1.10,"zero":-0.0,"far":1e400,"text":"\\u00e4\\ud83d\\ude00"}'
Echo = Callable[[str], Destination]

FAULTS = {
    "drops the id": "A state came back without its id",
    "makes up ids": "the id 101, which was never sent",
    "swaps states": "State 1 of a came back after state 2 of shop.b.",
    "loses a state": "State 2 of shop.b never came back.",
    "doubles a state": "State 2 of shop.b came back twice.",
    "rounds numbers": "State 1 of a came back as {'cursor': 123456789012345678901234567890, 'price': 1.1,",
    "makes null an object": "State 4 of a came back as {}, and None was sent.",
    "names another stream": "State 1 of a came back as {'type': 'STREAM', 'stream': {'stream_descriptor': {'name': 'b'",
    "drops the source's counts": "'id': 1}, and {'type': 'STREAM'",
    "sends no counts": "State 1 of a came back without a recordCount in destinationStats.",
    "counts without a decimal point": "State 1 of a has 1 for a recordCount, without the decimal point",
    "counts from the start": "State 3 of a counts 2 accepted and 1 rejected records, and 1 were sent.",
    "forgets what it rejected": "State 1 of a counts 1 accepted and 0 rejected records, and 2 were sent.",
    "sends an empty state": "Line 1 of standard output is a STATE without its content.",
    "says what is no JSON": "Line 1 of standard output is no Airbyte message (JSONDecodeError): b'Received a row.",
    "says what is no message": "Line 1 of standard output is no Airbyte message (SchemaValidationError)",
    "repeats records": "Line 1 of standard output is a RECORD, which is no answer to write.",
    "writes to standard error": "Standard error is not empty: b'Deprecated.",
    "succeeds after an error": "The exit code is 0 after a TRACE ERROR",
    "fails without a word": "The exit code is 1 and no TRACE ERROR says why.",
    "crashes at the first state": "The destination died of SIGSEGV.",
}


def everything() -> ScriptedSource:
    return scripted(
        *(A.record(email="1@example.com"), B.record(email="2@example.com"), A.record(email="3@example.com")),
        *(A.state(EXACT), B.state('{"cursor":1}'), A.record(email=None), A.state('{"cursor":2}'), A.state(None)),
    )


def run(destination: Destination, **more: object) -> Verdict:
    return Connection(CURRENT_PLATFORM, destination, [A, B]).job(everything()).attempt(**more)


def test_a_destination_without_fault_has_no_problems(echo: Echo) -> None:
    verdict = run(echo("none"), hold_open_s=10).succeeded()
    assert (verdict.exit_code, verdict.failure_type, verdict.acknowledged_ids) == (0, None, [1, 2, 3, 4])
    assert verdict.records_sent == {A.descriptor: 3, B.descriptor: 1}
    assert verdict.counted == {A.descriptor: Counted(2, 1), B.descriptor: Counted(1, 0)}


@pytest.mark.parametrize(("fault", "problem"), FAULTS.items())
def test_a_fault_is_named(echo: Echo, fault: str, problem: str) -> None:
    verdict = run(echo(fault))
    assert [each for each in verdict.problems if problem in each], verdict.problems
    with pytest.raises(AssertionError):
        verdict.correct()


def test_states_that_wait_in_a_buffer_are_found_while_the_input_is_open(echo: Echo) -> None:
    (problem,) = run(echo("does not flush"), hold_open_s=0.5).problems
    assert problem.startswith("Only 0 of 4 states were out 0.5 s after the last message")


def test_a_destination_that_ends_while_its_input_is_open_is_found(echo: Echo) -> None:
    verdict = run(echo("ends at once"), hold_open_s=10)
    assert "The destination ended with exit code 0 before its input did." in verdict.problems
    assert verdict.status == "failed"


@pytest.mark.parametrize("fault", ["rounds numbers", "loses a state", "doubles a state"])
def test_a_fault_is_found_without_ids_too(echo: Echo, fault: str) -> None:
    source = scripted(A.state('{"price":1.10}'), B.state('{"price":1.10}'))
    assert Connection(PYAIRBYTE, echo("none"), [A, B]).job(source).attempt().succeeded().acknowledged_ids == [None] * 2
    assert Connection(PYAIRBYTE, echo(fault), [A, B]).job(source).attempt().problems


def test_the_earliest_error_decides_over_a_retry(echo: Echo) -> None:
    verdict = run(echo("fails at the first state")).correct()
    assert (verdict.status, verdict.message, verdict.failure_type) == ("failed", "earlier", "transient_error")
    assert verdict.is_retried
    assert verdict.acknowledged_ids == [1]


@pytest.mark.parametrize("fault", ["fails without a type", "fails without a word"])
def test_an_error_without_a_type_is_the_systems(echo: Echo, fault: str) -> None:
    assert run(echo(fault)).failure_type == "system_error"


def test_exit_code_143_after_sigterm_is_a_problem_and_a_death_by_the_signal_is_none(echo: Echo) -> None:
    interruption = terminate(when=states_returned(4))
    assert run(echo("none"), interruption=interruption).correct().exit_code == -15
    assert "After SIGTERM the exit code is 143" in "".join(
        run(echo("exits with 143 at SIGTERM"), interruption=interruption).problems
    )


def test_a_destination_that_is_killed_is_not_to_blame(echo: Echo) -> None:
    verdict = run(echo("lingers"), interruption=kill(after_end=True, when=states_returned(4))).correct()
    assert (verdict.status, verdict.exit_code) == ("cancelled", -9)
    verdict = run(echo("lingers"), interruption=cancel(after_records=2, when=states_returned(0), grace_s=0.3)).correct()
    assert (verdict.status, verdict.exit_code, verdict.seconds_to_end < 10) == ("cancelled", -9, True)
