"""Takes what the probe has learned as the default of settings that nobody has set, and says so.

A form sends defaults along, so a setting at its default counts as not set.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from destination_pinterest.config.model import DEFAULT_BATCH_SIZE, Config
from destination_pinterest.config.pinterest_facts import PinterestFacts


class Learned(msgspec.Struct, frozen=True):
    """The settings, with what was learned in place of defaults, and what is to be said of it: level and text."""

    config: Config
    said: tuple[tuple[str, str], ...] = ()


def with_facts(config: Config) -> Learned:
    """Returns the settings as they are meant, if the host that they name is the one that was asked.

    What was learned never takes the place of a safer default: a larger request is only recommended (`recommended`).
    """
    facts = config.pinterest_facts
    if facts is None:
        return Learned(config)
    host = urlsplit(config.api_base_url).netloc
    if facts.host != host:
        text = (
            f"What was learned of Pinterest (pinterest_facts) was asked of {facts.host}, not of {host}, so it is not "
            "used. Run pinterest-audiences probe for this address, or empty the setting."
        )
        return Learned(config.model_copy(update={"pinterest_facts": None}), (("WARN", text),))
    said = []
    size = facts.request_size if facts.request_size_refused is not None else None
    if size is not None and size < DEFAULT_BATCH_SIZE == config.batch_size:
        config = config.model_copy(update={"batch_size": size})
        said.append(f"Identifiers per request (batch_size) is {size:,}: larger requests were not counted in full")
    if facts.access_tier is not None and config.access_tier == "auto":
        said.append(f"Access tier (access_tier) begins as {facts.access_tier}")
    if facts.rule_change == "refused" and config.refused_rule_change == "fail":
        said.append("an audience is not replaced by a list of its own, since Pinterest refuses that in the end")
    source = f", as the probe of {facts.asked_on} found. Set it yourself to overrule."
    return Learned(config, tuple(("INFO", text[:1].upper() + text[1:] + source) for text in said))


def recommended(facts: PinterestFacts | None) -> dict[str, str]:
    """Returns settings that what was learned speaks for, and that somebody has to set: each with its value."""
    if facts is None or facts.counters != "exact" or (facts.request_size or 0) <= DEFAULT_BATCH_SIZE:
        return {}
    return {"request_growth": "auto"}
