"""An audience that streams lead to, and the customer lists that it is and will be made of."""

from __future__ import annotations

from dataclasses import dataclass, field

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.vocabulary import Identifier


@dataclass(slots=True)
class AudienceTarget:
    """An audience and its customer list, as far as they exist.

    Written by the one delivery that creates the list, read by all others afterwards: while the list is not open, a lane
    lets only one delivery start.

    Args:
        name: the audience's.
        identifiers: the kinds that its streams bring.
        list_id: the customer list that is written to.
        audience_id: the audience's.
        notes: what the report is to say.
        chosen_id: the id of an existing audience that was chosen whatever its name is; `name` becomes the one it has.
        generation: what is built to replace the list that the audience is made of; None where people are added to it.
        before: the list that the audience was made of, or that was written to, when the sync began.
        generation_before: the generation's list when the sync began, if an earlier attempt left one.
        replaced_list_id: the list that the audience was made of before this sync replaced it.
        superseded_audience_id: the audience that still has that list, where Pinterest did not let its rule be changed.
        left_over_list_ids: lists that were made to replace the audience's and that no audience uses.
        beginning_list_id: the one of them, perhaps unfinished, that an audience is begun with if Pinterest makes none
            of the new list yet.
    """

    name: str
    identifiers: frozenset[Identifier]
    list_id: str | None = None
    audience_id: str | None = None
    notes: list[str] = field(default_factory=list)
    chosen_id: str | None = None
    generation: ShadowList | None = None
    before: CustomerList | None = None
    generation_before: CustomerList | None = None
    replaced_list_id: str | None = None
    superseded_audience_id: str | None = None
    left_over_list_ids: list[str] = field(default_factory=list)
    beginning_list_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the customer list exists."""
        return self.list_id is not None

    @property
    def is_waiting(self) -> bool:
        """Whether the list that is written to was to replace the audience's, and has not."""
        if self.generation is None or self.before is None or self.replaced_list_id is not None:
            return False
        return self.list_id not in {None, self.before.id}

    @property
    def written_before(self) -> CustomerList | None:
        """The list that is written to, as it was when the sync began; None where the sync creates it."""
        known = (self.before, self.generation_before)
        return next((one for one in known if one is not None and one.id == self.list_id), None)

    @property
    def list_name(self) -> str:
        """What the customer list is called."""
        return self.name if self.generation is None else self.generation.list_name(self.name)
