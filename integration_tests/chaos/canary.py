"""Looks for what may never leave the connector: plain identifiers, digests, tokens and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from integration_tests.property.tables import DEVICES, EVERYBODY, device

_PLAIN = re.compile(rb"\s*p\d@example\.com|" + b"|".join(device(number).encode() for number in range(DEVICES)), re.I)
_DIGESTS = re.compile(b"|".join(person.encode() for person in sorted(EVERYBODY)), re.I)
_RAW = [bytes.fromhex(person) for person in EVERYBODY]


class Canary:
    """`secrets`: what a config holds that nobody may see again."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = {secret.encode() for secret in secrets if secret}

    def in_line(self, line: bytes) -> str | None:
        """What a line of output gives away. A CONTROL message is for whoever keeps the secrets anyway."""
        if b'"type":"CONTROL"' in line:
            return self._plain(line)
        return self._plain(line) or self._secret(line)

    def in_folder(self, folder: Path) -> str | None:
        """What a file gives away."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and (found := self.in_file(path.read_bytes())):
                return f"{path.relative_to(folder)}: {found}"
        return None

    def in_file(self, content: bytes) -> str | None:
        raw = "a person's digest as bytes" if any(digest in content for digest in _RAW) else None
        return self._plain(content) or self._secret(content) or raw

    @staticmethod
    def _plain(content: bytes) -> str | None:
        if _PLAIN.search(content):
            return "a person's plain identifier"
        return "a person's digest" if _DIGESTS.search(content) else None

    def _secret(self, content: bytes) -> str | None:
        return "a secret" if any(secret in content for secret in self.secrets) else None
