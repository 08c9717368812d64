"""Tells which customer lists no audience is made from, and asks until that is certain.

A listing of audiences may leave out the rule, which names the list: it is not among the fields that Pinterest promises.
A list that only seems to be free would be given to a second audience, whose people then come and go in the first. So
before a list is taken up, each audience that hides its list is read by itself.

Source: Pinterest OpenAPI 5.23.0, Audience, whose fields are all optional (read 2026-11-27).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError, NotFoundError
from destination_pinterest.routing.destination_object import CUSTOMER_LIST


class ListUse:
    """Which customer lists are in use, by audiences of any name: one renamed by hand leaves its old name to its list.

    Args:
        pinterest: the client.
        every_audience: the audiences as they were listed.
        found: the targets, whose lists are known.
    """

    def __init__(
        self, pinterest: PinterestClient, every_audience: Sequence[Audience], found: Iterable[AudienceTarget]
    ) -> None:
        self._pinterest = pinterest
        targets = list(found)
        read = {target.audience_id for target in targets}
        self._used = {audience.customer_list_id for audience in every_audience}
        self._used |= {target.live.id for target in targets if target.live is not None}
        self._silent = [one for one in every_audience if one.id not in read and self._hides_its_list(one)]

    def free(self, every_list: Iterable[CustomerList], needed: Collection[CustomerList]) -> list[CustomerList]:
        """Returns the lists that are certainly free.

        Args:
            every_list: all lists.
            needed: those of them that would be taken up. Only for their sake are silent audiences read; without that,
                and with such audiences, no list is certain.

        Raises:
            AudienceConflictError: Pinterest does not say of an audience what it is made of, and it may be a needed one.
        """
        hidden = None
        while self._silent and self._any_free(needed):
            audience = self._silent.pop(0)
            try:
                list_id = self._pinterest.audience(audience.id).customer_list_id
            except NotFoundError:
                continue  # It was deleted meanwhile.
            if list_id is None:
                hidden = hidden or audience
            self._used.add(list_id)
        doubtful = self._any_free(needed)
        if hidden is not None and doubtful is not None:
            raise AudienceConflictError(
                Code.LIST_USE_UNKNOWN,
                f'Pinterest does not say which customer list the audience "{hidden.name}" ({hidden.id}) is made of, so '
                f'the list "{doubtful.name}" ({doubtful.id}), which has this sync\'s audience name, may be in use. '
                "Choose another audience name (audience_name), or remove that audience in Pinterest Ads Manager.",
            )
        return [] if self._silent or hidden else [one for one in every_list if one.id not in self._used]

    def _any_free(self, lists: Iterable[CustomerList]) -> CustomerList | None:
        return next((one for one in lists if one.id not in self._used), None)

    def _hides_its_list(self, audience: Audience) -> bool:
        if audience.customer_list_id is not None or audience.audience_type not in {None, CUSTOMER_LIST}:
            return False
        # One that another ad account shares is made of a list of that account.
        return audience.ad_account_id in {None, self._pinterest.ad_account_id}
