"""Each setting has one place in the form, and no card of those that everybody sees is long."""

from __future__ import annotations

from collections import Counter

from destination_pinterest.config import Config
from destination_pinterest.config.layout import ADVANCED, CARDS, PLACES

# What fits on a screen without scrolling; Advanced is looked through by those who search for something.
LONGEST = 8
LONGEST_ADVANCED = 20
# What everybody decides is not to be found under Advanced.
NEVER_ADVANCED = {"credentials", "ad_account_id", "audience_name", "identity_columns", "mode", "membership_store"}


def test_every_setting_has_one_place_and_every_place_is_a_settings() -> None:
    placed = Counter(setting for card in CARDS for setting in card.settings)

    assert set(placed) == set(Config.model_fields)
    assert set(placed.values()) == {1}


def test_no_card_is_longer_than_people_read() -> None:
    for card in CARDS:
        assert 0 < len(card.settings) <= (LONGEST_ADVANCED if card.id == ADVANCED else LONGEST), card.title


def test_the_rare_ones_come_last_and_are_none_that_everybody_decides() -> None:
    assert CARDS[-1].id == ADVANCED
    assert NEVER_ADVANCED.isdisjoint(CARDS[-1].settings)


def test_what_takes_people_out_stands_together() -> None:
    deciding = {"mode", "deletes", "membership_store"} | {
        setting for setting in Config.model_fields if setting.startswith(("max_removal", "allow_empty", "allow_ident"))
    }

    assert {PLACES[setting]["group"] for setting in deciding} == {"membership"}
