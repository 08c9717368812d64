"""Words the plan of a sync: where each stream goes, and what can't be done as asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from destination_pinterest.config import Config
from destination_pinterest.identity.identifier_like import looks_like_an_identifier
from destination_pinterest.identity.leaving import consent_columns, leaving_columns
from destination_pinterest.routing.audience_plan import EPOCH_S, AudiencePlan, uses_membership_store
from destination_pinterest.routing.plan import StreamPlan, missing_columns
from destination_pinterest.routing.replacement import replaces

# A log level and a sentence.
PlanLine = tuple[str, str]

_BY_MODE: Final = {"removes_if_set": " (any value removes)", "adds_if_set": " (any value adds)"}
_NO_LISTS: Final[Mapping[tuple[str, ...], str]] = {}


def plan_lines(
    plans: Iterable[StreamPlan],
    audiences: Sequence[AudiencePlan],
    config: Config,
    shadow_lists: Mapping[tuple[str, ...], str] = _NO_LISTS,
) -> Iterator[PlanLine]:
    """Yields log levels and sentences, in the order to log them.

    Args:
        plans: the plans of all streams.
        audiences: the plans of their audiences.
        config: the settings.
        shadow_lists: the names of shadow lists by the audiences' `key`, if known.
    """
    for plan in plans:
        yield from _of_stream(plan, config)
    # What holds for a column's audiences in each ad account is said once.
    yield from dict.fromkeys(
        line
        for audience in audiences
        for line in _of_audience(audience, _title(audience, config), shadow_lists.get(audience.key), config)
    )
    yield from (("WARN", sentence) for sentence in (*moving_rows(audiences, config), *unused_store(config)))
    yield from (("WARN", sentence) for sentence in unused_consent(config))


def unused_consent(config: Config) -> Iterator[str]:
    """Yields a sentence if a consent column is named and nobody is asked for consent."""
    if config.consent_column is None:
        return
    if config.mode == "remove":
        yield "The consent column is not used, since What the table does (mode) is remove: nobody joins."
    elif config.used_for == "exclusion":
        yield "The consent column is not used on exclusion audiences: nobody has to consent to see no ads."


def unused_store(config: Config) -> Iterator[str]:
    """Yields a sentence if a membership store is set up but not used."""
    if config.membership_store is not None and not uses_membership_store(config):
        yield f"The membership store is not used, since What the table does (mode) is {config.mode}."


def _of_stream(plan: StreamPlan, config: Config) -> Iterator[PlanLine]:
    read = "identities: " + ", ".join(f"{one.column} as {one.identifier} ({one.format})" for one in plan.identities)
    if plan.consent_column is not None:
        read += f"; consent: {plan.consent_column}"
    deletions = [*plan.deletion_columns, *([_operation_text(plan, config)] if plan.operation_column else [])]
    if deletions:
        read += f"; deletions: {', '.join(deletions)}"
    does = "removes members from" if plan.only_removes or config.mode == "remove" else "goes to"
    yield "INFO", f'Stream "{plan.stream.key}" {does} the audience "{plan.audience}"{_where(plan, config)}; {read}.'
    if plan.audience_id is None and looks_like_an_identifier(plan.audience):
        text = (
            f'The name of the audience of the stream "{plan.stream.key}" looks like an identifier of a person, and '
            "names are shown at Pinterest, in logs and in reports. Give it another one, there and by Audience name "
            "(audience_name, or --audience on the command line)."
        )
        yield "WARN", text
    if plan.newly_recognised:
        text = (
            f'Of the stream "{plan.stream.key}", version 0.1.0 did not use {", ".join(plan.newly_recognised)}: more '
            "names are recognised now. To use only some columns, name them under Identity columns (identity_columns, "
            "or --identity on the command line)."
        )
        yield "INFO", text
    yield from leaving_lines(plan, plan.stream.columns, config)
    absent = [column for column in missing_columns(plan.stream, config) if column != _operation_column(config)]
    if absent:
        names = ", ".join(f'"{column}"' for column in absent)
        yield "WARN", f'The stream "{plan.stream.key}" lacks identity columns of the settings: {names}.'
    setting = config.operation_column
    if setting is not None and plan.operation_column is None and not plan.only_removes and config.mode != "remove":
        text = (
            f'The stream "{plan.stream.key}" has no column "{setting.column}" (the operation column of the settings), '
            "so all its rows add members unless they are marked as deleted."
        )
        yield "WARN", text


def _where(plan: StreamPlan, config: Config) -> str:
    accounts = ", ".join(plan.ad_account_ids)
    if plan.account_column is not None:
        return f" in the ad account that the column {plan.account_column} names ({accounts})"
    if len(config.ad_account_ids) == 1:
        return ""
    return f" in the ad account{'s' if len(plan.ad_account_ids) > 1 else ''} {accounts}"


def moving_rows(audiences: Iterable[AudiencePlan], config: Config) -> Iterator[str]:
    """Yields a sentence about each stream whose rows stay in an ad account that they name no more."""
    if config.mode != "mirror" or len(config.ad_account_ids) == 1:
        return
    kept = {plan.stream.key: (plan, audience.keeping) for audience in audiences for plan in audience.plans}
    for plan, keeping in kept.values():
        is_known = keeping == "swap" or (keeping == "mirror" and (plan.has_key or replaces(plan.stream)))
        if plan.account_column is not None and not plan.only_removes and not is_known:
            lacks = "it has no primary key" if keeping == "mirror" else "there is no membership store"
            yield (
                f'A row of the stream "{plan.stream.key}" whose ad account changes stays in the one before, too, since '
                f"{lacks}."
            )


def _operation_text(plan: StreamPlan, config: Config) -> str:
    mode = config.operation_column.mode if config.operation_column else ""
    return f"{plan.operation_column}{_BY_MODE.get(mode, '')}"


def leaving_lines(plan: StreamPlan, columns: Iterable[str], config: Config) -> Iterator[PlanLine]:
    """Yields a line about those of a table's `columns` that seem to say who left, and about those of consent.

    Nothing is said of a suppression table, whose people have all left, nor of a column that decides.
    """
    if plan.only_removes or config.mode == "remove":
        return
    unused = [column for column in columns if column not in plan.deciding_columns]
    if leaving := leaving_columns(unused):
        yield "WARN", _leaving_text(plan, [column.column for column in leaving], leaving[0].mode)
    if (consent := consent_columns(unused)) and plan.consent_column is None and config.used_for == "targeting":
        text = (
            f'The stream "{plan.stream.key}" has {_listed(consent)}, which may say who consented, and all its rows are '
            "added whatever it says. If only some may be, set Consent column (consent_column) to it."
        )
        yield "INFO", text


def _leaving_text(plan: StreamPlan, columns: Sequence[str], mode: str) -> str:
    are = "are" if len(columns) > 1 else "is"
    said = f'The stream "{plan.stream.key}" has {_listed(columns)}, which may say who left and {are} not used: '
    if plan.operation_column is not None:
        return (
            f"{said}only {plan.operation_column} decides. Leave out the rows of those who left where the data comes "
            "from, or leave out the column if it says something else."
        )
    return (
        f'{said}people marked there are added. Set Operation column (operation_column) to {{"mode": "{mode}", '
        f'"column": "{columns[0]}"}}, or leave out the column if it says something else.'
    )


def _listed(columns: Sequence[str]) -> str:
    return f"the column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"


def _operation_column(config: Config) -> str | None:
    return None if config.operation_column is None else config.operation_column.column


def _title(audience: AudiencePlan, config: Config) -> str:
    is_one_of_several = len(config.ad_account_ids) > 1
    return f'"{audience.name}"' + (f" (ad account {audience.ad_account_id})" if is_one_of_several else "")


def _of_audience(audience: AudiencePlan, title: str, shadow_list: str | None, config: Config) -> Iterator[PlanLine]:
    if audience.keeping == "swap":
        collected = "a new customer list" if shadow_list is None else f'the customer list "{shadow_list}"'
        text = (
            f"The audience {title} is to be replaced: the rows go into {collected}, which replaces "
            "the present one once the whole table has arrived."
        )
        yield "INFO", text
        if config.used_for == "exclusion":
            text = (
                f"Matching a new list takes 24 to 48 hours, in which the exclusion audience {title} may keep few "
                "people from ads. A membership store (membership_store) needs no new list."
            )
            yield "WARN", text
    if audience.is_by_column:
        yield from _of_column(audience)
    elif audience.keeping == "mirror":
        when = "at the end" if audience.replaced else f"every {EPOCH_S / 60:.0f} minutes and at the end"
        text = (
            f"The audience {title} uses the membership store: rows are compared with the members "
            f"that the connector has added, and only the difference is sent, {when}."
        )
        yield "INFO", text
    elif any(plan.consent_column is not None for plan in audience.plans):
        text = (
            f'For the audience "{audience.name}", a row without consent overrules other rows with its identifiers in '
            "this sync alone. With a membership store (membership_store), it does so until the row consents."
        )
        yield "INFO", text
    if audience.why_not_replaced is not None:
        text = (
            f"The audience {title} is not replaced but added to, since {audience.why_not_replaced}: members "
            "that are no longer in the table stay in the audience."
        )
        yield "WARN", text


def _of_column(audience: AudiencePlan) -> Iterator[PlanLine]:
    when = "at the end" if audience.replaced else f"every {EPOCH_S / 60:.0f} minutes and at the end"
    text = (
        f"Rows name their audiences by {audience.name}: they are collected, and each audience is looked up, created if "
        f"there is none, and settled {when}."
    )
    yield "INFO", text
    if audience.only_removes:
        return
    if audience.keeping != "mirror":
        text = (
            f"Nothing remembers in which of the audiences named by {audience.name} a row was, so a row that changes "
            "its audience joins the new one and stays in the old one. Set up a membership store (membership_store) if "
            "rows change their audiences."
        )
        yield "WARN", text
        return
    keyless = [plan for plan in audience.plans if not plan.has_key and plan not in audience.replaced]
    if keyless:
        streams = ", ".join(f'"{plan.stream.key}"' for plan in keyless)
        text = (
            f"Rows of {streams} have no primary key by which they are known again, so a row that changes its audience "
            "joins the new one and stays in the old one. Choose a sync mode that ends in Append + Deduped or in "
            "Overwrite."
        )
        yield "WARN", text
