"""An ad account's customer lists by their names: ordered once, since an account may have tens of thousands."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.shadow_list import ShadowList, read_label
from destination_pinterest.audiences.stored_names import by_folded_name, folded, is_cut_from, named


class ListNames:
    """The customer lists of an ad account by name.

    Args:
        lists: the lists.
        wanted: names that lists are looked up by, of which none is taken for another one that was cut.
    """

    def __init__(self, lists: Sequence[CustomerList], wanted: Collection[str]) -> None:
        self._by_name = by_folded_name(lists)
        self._shadows: dict[str, list[CustomerList]] = {}
        self._by_label: dict[str, list[CustomerList]] = {}
        for one in lists:
            label = read_label(one.name)
            if label is not None:
                self._shadows.setdefault(folded(label.audience), []).append(one)
                self._by_label.setdefault(label.body, []).append(one)
        longest = max((len(one.name or "") for one in lists), default=0)
        self._longest = [one for one in lists if len(one.name or "") == longest and one.name not in wanted]

    def of(self, name: str) -> list[CustomerList]:
        """Returns the lists of a name; if there are none, those of the longest name, if that is its beginning.

        Raises:
            AudienceConflictError: two different names may be meant.
        """
        return named(name, self._by_name) or [one for one in self._longest if is_cut_from(one.name or "", name)]

    def shadows_of(self, audience: str) -> list[CustomerList]:
        """Returns the shadow lists of an audience, whichever installation made them."""
        return self._shadows.get(folded(audience), [])

    def labelled(self, shadow: ShadowList) -> list[CustomerList]:
        """Returns the lists that are a shadow list, whatever the audience was called then."""
        return [one for one in self._by_label.get(shadow.label, []) if shadow.is_label_of(one.name or "")]
