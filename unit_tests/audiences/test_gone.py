from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.gone import IfGone
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises

Find = Callable[..., TargetUpdate]


def target(**known: Any) -> AudienceTarget:
    return AudienceTarget("VIP", frozenset({Identifier.EMAIL}), **known)


@pytest.fixture
def find(make_client: Callable[[], PinterestClient], clock: Clock) -> Find:
    def look(if_gone: IfGone, wanted: AudienceTarget | None = None) -> TargetUpdate:
        lookup = AudienceLookup(make_client(), now=clock.now, if_gone=if_gone)
        (update,) = lookup.find([wanted or target()])
        return update

    return look


@pytest.fixture
def creator(
    make_client: Callable[[], PinterestClient], make_creator: Callable[[PinterestClient], AudienceCreator]
) -> AudienceCreator:
    return make_creator(make_client())


def test_an_audience_that_is_made_again_is_told_with_its_old_records_and_its_new_id(
    find: Find, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    old = pinterest.add_list("VIP", *"abcde")
    found = find("recreate")
    assert found.notes == (f"A customer list without an audience was found and is used ({old}, 5 records).",)
    (note,) = creator.ensure_audience(found.target).notes
    (audience_id,) = pinterest.audiences
    assert note.startswith(
        f"There was no such audience, but a customer list of it ({old}, 5 records). The audience {audience_id} was made"
    )
    assert "campaigns have lost that" in note


def test_a_first_audience_is_made_without_a_word(
    find: Find, creator: AudienceCreator, pinterest: FakePinterest
) -> None:
    found = find("recreate")
    update = creator.ensure_audience(AudienceTarget("VIP", found.target.identifiers, list_id=pinterest.add_list("VIP")))
    assert (found.notes, update.notes) == ((), ())


def test_a_fresh_audience_begins_with_a_new_list_and_the_old_one_is_left_over(
    find: Find, pinterest: FakePinterest
) -> None:
    old = pinterest.add_list("VIP", "a")
    update = find("fresh")
    assert (update.target.list_id, update.target.left_over_list_ids) == (None, (old,))
    assert f"customer list {old} (1 record) is not used" in update.notes[0]


@pytest.mark.parametrize("shadow", [None, ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")])
def test_if_the_settings_say_so_the_sync_fails(find: Find, pinterest: FakePinterest, shadow: ShadowList | None) -> None:
    old = pinterest.add_list("VIP", "a", "b")
    with raises(Code.AUDIENCE_GONE, match=rf'no audience "VIP", but a customer list .* \({old}, 2 records\)'):
        find("fail", target(shadow=shadow))


@pytest.mark.parametrize("if_gone", ["fresh", "fail"])
def test_an_audience_that_is_there_or_never_was_is_not_gone(
    find: Find, pinterest: FakePinterest, if_gone: IfGone
) -> None:
    assert find(if_gone).target.list_id is None
    list_id = pinterest.add_list("VIP")
    pinterest.add_audience("VIP", list_id)
    assert find(if_gone).target.list_id == list_id


def test_people_are_removed_from_the_old_list_even_if_audiences_begin_afresh(
    find: Find, pinterest: FakePinterest
) -> None:
    old = pinterest.add_list("VIP", "a")
    assert find("fresh", target(only_removes=True)).target.list_id == old


def test_a_list_that_a_table_replaces_is_not_compared_with_if_audiences_begin_afresh(
    find: Find, pinterest: FakePinterest
) -> None:
    pinterest.add_list("VIP", "a")
    shadow = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
    assert find("fresh", target(shadow=shadow)).target.adoptable is None
    assert find("recreate", target(shadow=shadow)).target.adoptable is not None


def test_an_audience_that_begins_afresh_is_not_begun_with_its_old_list_even_for_a_moment(
    find: Find, pinterest: FakePinterest
) -> None:
    old = pinterest.add_list("VIP [generation 6, job 11]", "a")
    shadow = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
    assert find("recreate", target(shadow=shadow)).target.fallback_list_id == old
    update = find("fresh", target(shadow=shadow))
    assert (update.target.fallback_list_id, update.target.left_over_list_ids) == (None, (old,))
