"""An audience that streams lead to, and the customer lists that it is and will be made of: one immutable value.

Whoever changes something at Pinterest returns the target as it is afterwards, together with what the report is to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.vocabulary import Identifier


@dataclass(frozen=True, slots=True)
class AudienceTarget:
    """An audience and its customer lists, as far as they exist.

    Args:
        name: the audience's.
        identifiers: the kinds that its streams bring.
        chosen_id: the id of an existing audience that was chosen whatever its name is; `name` becomes the one it has.
        shadow: the list that is filled to replace the audience's; None where the audience's own list is written to.
        list_id: the customer list that is written to.
        audience_id: the audience's.
        live: the list that the audience was made of, or that was written to, when the sync began.
        adoptable: where there is no audience yet, the list that one would be made of if there were no shadow list.
        resumed: the shadow list as an earlier attempt left it.
        swapped_out_list_id: the list that the audience was made of until this sync replaced it.
        superseded_audience_id: the audience that still has that list, where Pinterest did not let its rule be changed.
        left_over_list_ids: lists that were made to replace the audience's and that no audience uses.
        fallback_list_id: the one of them, perhaps unfinished, that an audience is begun with if Pinterest makes none
            of the new list yet.
    """

    name: str
    identifiers: frozenset[Identifier]
    chosen_id: str | None = None
    shadow: ShadowList | None = None
    list_id: str | None = None
    audience_id: str | None = None
    live: CustomerList | None = None
    adoptable: CustomerList | None = None
    resumed: CustomerList | None = None
    swapped_out_list_id: str | None = None
    superseded_audience_id: str | None = None
    left_over_list_ids: tuple[str, ...] = ()
    fallback_list_id: str | None = None

    @property
    def awaits_swap(self) -> bool:
        """Whether the list that is written to was to replace the audience's, and has not."""
        if self.shadow is None or self.live is None or self.swapped_out_list_id is not None:
            return False
        return self.list_id not in {None, self.live.id}

    @property
    def written_before(self) -> CustomerList | None:
        """The list that is written to, as it was when the sync began; None where the sync creates it."""
        known = (self.live, self.resumed)
        return next((one for one in known if one is not None and one.id == self.list_id), None)

    @property
    def list_name(self) -> str:
        """What the customer list that is written to is called."""
        return self.name if self.shadow is None else self.shadow.list_name(self.name)


@dataclass(frozen=True, slots=True)
class TargetUpdate:
    """A target as it is now, and what the report is to say of the change."""

    target: AudienceTarget
    notes: tuple[str, ...] = ()
