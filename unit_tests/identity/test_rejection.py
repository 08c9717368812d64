from __future__ import annotations

import pytest

from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.vocabulary import Identifier


@pytest.mark.parametrize("reason", RejectionReason)
def test_every_reason_has_a_sentence_that_ends_with_a_full_stop(reason: RejectionReason) -> None:
    assert len(reason.sentence.split()) > 5
    assert reason.sentence.endswith(".")


def test_no_two_reasons_share_a_sentence() -> None:
    assert len({reason.sentence for reason in RejectionReason}) == len(RejectionReason)


def test_a_rejection_has_no_field_for_a_value() -> None:
    assert Rejection.__struct_fields__ == ("column", "identifier", "reason")


def test_rejections_of_the_same_kind_are_equal_and_countable() -> None:
    one = Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL)
    assert {one, Rejection("email", Identifier.EMAIL, RejectionReason.INVALID_EMAIL)} == {one}
