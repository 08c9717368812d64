from __future__ import annotations

import inspect
import re

import pytest

from destination_pinterest import errors
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import Answer, ConnectorError

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, BaseException)]
KINDS = {"config_error", "transient_error", "system_error"}


def tree_of_the_docstring() -> dict[str, tuple[str | None, str]]:
    """Each class's parent and the words beside it, as drawn."""
    found: dict[str, tuple[str | None, str]] = {}
    above: list[str] = []
    for line in str(errors.__doc__).splitlines():
        drawn = re.fullmatch(r"    (?P<branch>[│├└─ ]*)(?P<name>\w+Error)\s*(?P<words>.*)", line)
        if drawn:
            depth = len(drawn["branch"]) // 4
            del above[depth:]
            found[drawn["name"]] = (above[-1] if above else None, drawn["words"])
            above.append(drawn["name"])
    return found


def test_every_error_has_its_place_in_the_tree_and_the_tree_has_no_other() -> None:
    drawn = {name: parent for name, (parent, _) in tree_of_the_docstring().items()}
    real = {kind.__name__: kind.__base__.__name__ for kind in CLASSES if kind is not ConnectorError and kind.__base__}
    assert drawn == {"ConnectorError": None, **real}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_tells_the_platform_what_to_do(kind: type[ConnectorError]) -> None:
    assert issubclass(kind, ConnectorError)
    assert kind.failure_kind in KINDS
    assert kind(Code.CRASHED, "x").failure_kind in KINDS
    assert inspect.getdoc(kind)


def test_the_groups_of_the_tree_say_the_kind_that_their_classes_have() -> None:
    said = {name: words for name, (_, words) in tree_of_the_docstring().items()}
    groups = {name: words.partition(":")[0] for name, words in said.items() if words.partition(":")[0] in KINDS}
    assert len(groups) == 3
    for name, kind in groups.items():
        group = getattr(errors, name)
        assert {each.failure_kind for each in CLASSES if issubclass(each, group)} == {kind}


def test_an_error_shows_its_message_and_what_pinterest_said() -> None:
    answer = Answer("GET /user_account", 401, 2, "Authentication failed.", "123")
    error = errors.AuthenticationError(Code.SIGN_IN_NOT_RENEWED, "Sign in again.", answer=answer)
    assert str(error) == (
        "PIN-AUTH-002: Sign in again. [Pinterest answered HTTP 401, code 2 to GET /user_account: Authentication "
        "failed. (request id 123)]"
    )
    assert (error.code, error.message, error.answer) == (Code.SIGN_IN_NOT_RENEWED, "Sign in again.", answer)
    assert str(errors.AuthenticationError(Code.SIGN_IN_NOT_RENEWED, "Sign in again.")) == "PIN-AUTH-002: Sign in again."


def test_what_pinterest_left_out_is_left_out() -> None:
    assert str(Answer("GET /user_account", 502)) == "Pinterest answered HTTP 502 to GET /user_account"


@pytest.mark.parametrize(
    "kind", [errors.RateLimitedError, errors.ObjectBusyError, errors.SpamFilterError, errors.ServerError]
)
def test_errors_that_pass_by_waiting_know_for_how_long(kind: type[errors.RateLimitedError]) -> None:
    assert kind(Code.CRASHED, "x", retry_after_s=7.5).retry_after_s == 7.5
    assert kind(Code.CRASHED, "x").retry_after_s is None


def test_an_error_with_another_sentence_is_the_same_in_everything_else() -> None:
    answer = Answer("GET /x", 503)
    error = errors.ServerError(Code.PINTEREST_FAULT, "Before.", answer=answer, retry_after_s=7.0)
    other = error.with_message("After.")
    assert type(other) is errors.ServerError
    assert (other.code, other.message, other.answer, other.retry_after_s) == (error.code, "After.", answer, 7.0)
    assert (error.message, error.args, other.args) == ("Before.", (error.code, "Before."), (error.code, "After."))
