"""Compares the audiences of an old flow with those of a new one: what the old one had and the new one lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pinterest_audiences.moving.export import OldAudience
from pinterest_audiences.moving.namespaces import identity_of

# Pinterest's sizes are estimates, which change a little from day to day.
DEFAULT_TOLERANCE_PERCENT: Final = 10.0

Verdict = Literal["same", "lacks", "missing", "added"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One audience in both flows. `lacks` are sentences' ends: what the new one lacks; `unknown` what no file says."""

    name: str
    audience_id: str | None
    ad_account_id: str | None
    verdict: Verdict
    old: OldAudience | None
    new: OldAudience | None
    lacks: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "audience": self.name,
            "audience_id": self.audience_id,
            "ad_account_id": self.ad_account_id,
            "verdict": self.verdict,
            "old": _side(self.old),
            "new": _side(self.new),
            "lacks": list(self.lacks),
            "unknown": list(self.unknown),
        }


def compared(
    old: Sequence[OldAudience], new: Sequence[OldAudience], tolerance_percent: float = DEFAULT_TOLERANCE_PERCENT
) -> list[Compared]:
    """Compares audience by audience: by id where both sides have one, else by name; those of the old flow first."""
    partners: dict[int, int] = {}
    for key_of, may_be_same in ((_id_of, _may_share_account), (_name_of, _may_be_of_that_name)):
        rest: dict[str | None, list[int]] = {}
        for number in sorted(set(range(len(new))) - set(partners.values())):
            rest.setdefault(key_of(new[number]), []).append(number)
        for index, each in enumerate(old):
            like = rest.get(key_of(each), []) if key_of(each) is not None and index not in partners else []
            found = next((number for number in like if may_be_same(each, new[number])), None)
            if found is not None:
                like.remove(found)
                partners[index] = found
    taken = set(partners.values())
    added = [one for number, one in enumerate(new) if number not in taken]
    return [
        *(
            _compared(each, new[partners[index]] if index in partners else None, tolerance_percent)
            for index, each in enumerate(old)
        ),
        *(Compared(one.label, one.audience_id, one.ad_account_id, "added", None, one) for one in added),
    ]


def _id_of(audience: OldAudience) -> str | None:
    return audience.audience_id


def _name_of(audience: OldAudience) -> str | None:
    return audience.name


def _may_be_of_that_name(old: OldAudience, new: OldAudience) -> bool:
    both_have_ids = old.audience_id is not None and new.audience_id is not None
    return not both_have_ids and _may_share_account(old, new)


def _may_share_account(old: OldAudience, new: OldAudience) -> bool:
    return old.ad_account_id is None or new.ad_account_id is None or old.ad_account_id == new.ad_account_id


def _compared(old: OldAudience, new: OldAudience | None, tolerance_percent: float) -> Compared:
    if new is None:
        return Compared(old.label, old.audience_id, old.ad_account_id, "missing", old, None, ("the audience",))
    lacks = tuple(_lacks(old, new, tolerance_percent))
    return Compared(
        old.label,
        old.audience_id or new.audience_id,
        old.ad_account_id or new.ad_account_id,
        "lacks" if lacks else "same",
        old,
        new,
        lacks,
        tuple(_unknown(old, new)),
    )


def _lacks(old: OldAudience, new: OldAudience, tolerance_percent: float) -> Iterator[str]:
    if old.name is not None and new.name is not None and old.name != new.name:
        yield f'its name: it is called "{new.name}" now'
    if old.size is not None and new.size is not None and new.size < old.size * (1 - tolerance_percent / 100):
        yield f"{old.size - new.size:,} of {old.size:,} people"
    if old.updated is not None and new.updated is not None and new.updated < old.updated:
        yield f"the update of {moment_text(old.updated)}: its last is of {moment_text(new.updated)}"
    identities = _identities(new)
    for kind in _identities(old) if identities else ():
        if kind not in identities:
            yield f"the identity {kind}"
    if old.is_enabled and not new.is_enabled:
        yield "being enabled"


def _unknown(old: OldAudience, new: OldAudience) -> Iterator[str]:
    if old.size is None or new.size is None:
        yield "size"
    if old.updated is None or new.updated is None:
        yield "last update"


def _identities(audience: OldAudience) -> tuple[str, ...]:
    """The kinds of identifiers, however the sides name them: hashed or not, an address is an address.

    What no customer list takes is not among them: the old flow can't have sent it.
    """
    known = (found[1] for each in audience.namespaces if (found := identity_of(each)) is not None)
    return tuple(dict.fromkeys(kind.partition(":")[0] for kind in known))


def moment_text(moment: datetime) -> str:
    """A moment as it is shown."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _side(audience: OldAudience | None) -> dict[str, Any] | None:
    if audience is None:
        return None
    return {
        "audience": audience.name,
        "size": audience.size,
        "updated": None if audience.updated is None else audience.updated.isoformat().replace("+00:00", "Z"),
        "identities": list(audience.namespaces),
        "enabled": audience.is_enabled,
    }
