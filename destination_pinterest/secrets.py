"""Keeps the secrets of the settings out of whatever is printed, wherever they turn up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from destination_pinterest.config import secret_settings

_IN_ITS_PLACE: Final = "****"


class Secrets:
    """The secrets that this process knows. Thread-safe: what is scrubbed is replaced as a whole."""

    def __init__(self) -> None:
        self._longest_first: tuple[str, ...] = ()

    def replace(self, secrets: Iterable[str]) -> None:
        """Takes these in place of all others."""
        self._longest_first = tuple(sorted({one for one in secrets if one}, key=len, reverse=True))

    def add(self, secrets: Iterable[str]) -> None:
        """Takes these too: what they replace may still be in use."""
        self.replace([*self._longest_first, *secrets])

    def scrub(self, text: str) -> str:
        """Returns a text without any of them."""
        for secret in self._longest_first:
            text = text.replace(secret, _IN_ITS_PLACE)
        return text


def secrets_in(config: object) -> list[str]:
    """Returns the values of all settings of a config that are declared as secret, wherever they stand."""
    return list(_values(config, secret_settings()))


def _values(content: object, keys: frozenset[str]) -> Iterator[str]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            if key in keys and isinstance(value, str):
                yield value
            else:
                yield from _values(value, keys)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _values(value, keys)
