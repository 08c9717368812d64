"""A target: an audience and the customer lists that it is or will be made from, as one immutable value.

Code that changes something at Pinterest returns the target as it is afterwards, with notes for the report.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.vocabulary import Identifier

# What became of an audience that was to become equal to a table of nobody: its members stay though no row has them any
# more, or there was nobody in it.
EmptyTable = Literal["kept", "nobody_yet"]


class AudienceTarget(msgspec.Struct, frozen=True):
    """An audience and its customer lists, as far as they exist.

    Args:
        name: the audience's name.
        identifiers: the kinds of identifiers that its streams have.
        ad_account_id: the ad account that it is in.
        names_account: whether the ad account is said with its name, since the sync has several.
        repeats_rows: whether its rows are counted for another ad account, too, so that sums of rows leave them out.
        chosen_id: the id of an existing audience that was chosen by id; `name` becomes its present name.
        only_removes: whether nobody is ever added, so that the audience or its list has to exist.
        shadow: the shadow list; None if the audience's own list is written to.
        list_id: the customer list that is written to.
        audience_id: the audience's id.
        live: the list that the audience was made from, or that was written to, when the sync began.
        adoptable: if there was no audience, the list that it was, or was to be, made from; without a shadow list, it is
            the one that is written to.
        waiting: the list that a note at Pinterest says to be in force while there is no audience.
        abandoned_list_id: the list of an audience that is gone, which the settings say not to go on with.
        resumed: the shadow list as an earlier attempt left it.
        swapped_out_list_id: the list that the audience was made from until this sync replaced it.
        superseded_audience_id: the audience that still has that list, if Pinterest refused to change its rule.
        left_over_list_ids: shadow lists of the audience that no audience uses.
        fallback_list_id: the one of them, perhaps unfinished, from which to create the audience if Pinterest says that
            the new list is too young.
        ignores_case: whether an audience or list whose name differs only in case is taken for it, if there is just one.
        description: the audience's description; None if it has none, or Pinterest does not say.
        text: what the settings want the description to say; None if they don't.
        is_begun_early: whether the settings want it to exist before the first row.
        begun_list_id: the list that this sync began with nobody, so that the audience exists early.
    """

    name: str
    identifiers: frozenset[Identifier]
    ad_account_id: str = ""
    names_account: bool = False
    repeats_rows: bool = False
    chosen_id: str | None = None
    only_removes: bool = False
    shadow: ShadowList | None = None
    list_id: str | None = None
    audience_id: str | None = None
    live: CustomerList | None = None
    adoptable: CustomerList | None = None
    waiting: str | None = None
    abandoned_list_id: str | None = None
    resumed: CustomerList | None = None
    swapped_out_list_id: str | None = None
    superseded_audience_id: str | None = None
    left_over_list_ids: tuple[str, ...] = ()
    fallback_list_id: str | None = None
    description: str | None = None
    ignores_case: bool = False
    text: str | None = None
    is_begun_early: bool = False
    begun_list_id: str | None = None

    def described(self, description: str) -> AudienceTarget:
        """Returns the target with another description."""
        return replace(self, description=description)

    @property
    def title(self) -> str:
        """How the audience is called in messages."""
        return f'"{self.name}" (ad account {self.ad_account_id})' if self.names_account else f'"{self.name}"'

    @property
    def awaits_swap(self) -> bool:
        """Whether the shadow list has not been swapped in yet."""
        if self.shadow is None or self.live is None or self.swapped_out_list_id is not None:
            return False
        return self.list_id not in {None, self.live.id}

    @property
    def written_before(self) -> CustomerList | None:
        """The list that is written to, as it was when the sync began; None if the sync creates it."""
        known = (self.live, self.resumed)
        return next((one for one in known if one is not None and one.id == self.list_id), None)

    @property
    def stand_ins(self) -> int:
        """How many of the records in the list that is written to this sync has put there for nobody."""
        return int(self.list_id is not None and self.list_id == self.begun_list_id)

    @property
    def is_continued(self) -> bool:
        """Whether earlier attempts of the job wrote to the list, so that the rows may be only the rest."""
        return self.shadow is not None and self.written_before is not None

    @property
    def list_name(self) -> str:
        """The name of the customer list that is written to."""
        return self.name if self.shadow is None else self.shadow.list_name(self.name)


class TargetUpdate(msgspec.Struct, frozen=True):
    """A target as it is now, and notes on the change for the report.

    `empty_table` is None unless the table that was to replace the members has nobody, and empties nothing.
    """

    target: AudienceTarget
    notes: tuple[str, ...] = ()
    empty_table: EmptyTable | None = None
