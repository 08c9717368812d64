from __future__ import annotations

import pytest

from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.routing.decision import DELETION_KEPT, NOBODY_TO_REMOVE, UNKNOWN_KEY
from destination_pinterest.wording.reasons import reason_sentence, reason_text


@pytest.mark.parametrize("reason", [*RejectionReason, DELETION_KEPT, NOBODY_TO_REMOVE, UNKNOWN_KEY])
def test_every_reason_is_explained_in_sentences(reason: str) -> None:
    assert reason_sentence(reason).endswith(".")
    assert reason_text(reason, 1200) == f"1,200  {reason_sentence(reason)}"


def test_a_reason_of_another_version_is_only_counted() -> None:
    assert (reason_sentence("lost_in_space"), reason_text("lost_in_space", 3)) == ("", "3")
