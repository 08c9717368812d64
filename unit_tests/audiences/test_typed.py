from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.typed import Completion, typed
from unit_tests.support.fake_pinterest import FakePinterest

MakeClient = Callable[[], PinterestClient]


def test_an_audience_whose_type_is_told_is_not_asked_for(make_client: MakeClient, pinterest: FakePinterest) -> None:
    told = Audience(id="7", audience_type="NEW")
    assert typed(told, make_client()) is told
    assert pinterest.asked == []


@pytest.mark.parametrize("kind", ["CUSTOMER_LIST", "VISITOR"])
def test_an_audience_whose_type_is_left_out_is_asked_for(
    make_client: MakeClient, pinterest: FakePinterest, kind: str
) -> None:
    audience_id = pinterest.add_audience("VIP", None, kind=kind)
    assert typed(Audience(id=audience_id, name="VIP"), make_client()).audience_type == kind


def test_an_audience_that_is_gone_since_it_was_listed_stays_without_a_type(make_client: MakeClient) -> None:
    listed = Audience(id="7", name="VIP")
    assert typed(listed, make_client()) is listed


def test_only_so_many_audiences_are_asked_for(make_client: MakeClient, pinterest: FakePinterest) -> None:
    ids = [pinterest.add_audience(f"VIP {number}", None, kind="CUSTOMER_LIST") for number in range(5)]
    completion = Completion(make_client(), most_asked=3)
    kinds = [completion.typed(Audience(id=one)).audience_type for one in ids]
    assert kinds == ["CUSTOMER_LIST"] * 3 + [None] * 2
    assert completion.untold == 2
    assert completion.list_of(Audience(id=ids[0])) is None
    assert len(pinterest.asked) == 3
