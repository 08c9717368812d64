"""Takes the app's ID and secret: from options, the environment, the profile that is renewed, or a person."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, read_bytes
from pinterest_audiences.environment import has_placeholder
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.files import existing_file

CLIENT_ID: Final = "PINTEREST_CLIENT_ID"
CLIENT_SECRET: Final = "PINTEREST_CLIENT_SECRET"  # noqa: S105 - the name of a variable


def app_keys(
    client_id: str | None, secret_file: str | None, environment: Mapping[str, str], kept: Mapping[str, Any]
) -> tuple[str, str]:
    """Returns the app's ID and secret. A secret is no argument: other programs on the machine see those.

    Raises: UsageError if one is missing and nobody can be asked, or can't be used.
    """
    known_id, known_secret = _known(kept, "client_id"), _known(kept, "client_secret")
    app = client_id or environment.get(CLIENT_ID) or known_id or _asked_id()
    secret = _in_file(secret_file) or environment.get(CLIENT_SECRET) or (known_secret if app == known_id else None)
    return app.strip(), (secret or _asked_secret()).strip()


def can_ask() -> bool:
    """Whether there is somebody at a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def _known(kept: Mapping[str, Any], key: str) -> str | None:
    value = kept.get(key)
    return value if isinstance(value, str) and value and not has_placeholder(value) else None


def _asked_id() -> str:
    if not can_ask():
        raise _missing(f"the app's ID: give it by --client-id or {CLIENT_ID}")
    sys.stderr.write("App ID (My apps at developers.pinterest.com): ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if not answer:
        raise _missing(f"the app's ID: give it by --client-id or {CLIENT_ID}")
    return answer


def _asked_secret() -> str:
    if not can_ask():
        raise _missing(f"the app's secret: give it by --client-secret-file or {CLIENT_SECRET}")
    answer = getpass.getpass("App secret key (it is not shown): ", sys.stderr).strip()
    if not answer:
        raise _missing(f"the app's secret: give it by --client-secret-file or {CLIENT_SECRET}")
    return answer


def _in_file(name: str | None) -> str | None:
    if name is None:
        return None
    try:
        secret = read_bytes(existing_file(name), SMALL_BYTES).decode("utf-8").strip()
    except UnreadableDocumentError as error:
        reason = str(error)
    except UnicodeDecodeError:  # It would hold a part of the secret.
        reason = "is not text in UTF-8"
    else:
        if secret:
            return secret
        reason = "is empty"
    raise UsageError(Code.APP_KEYS_MISSING, f"The file {name} {reason}. Name a file with the app's secret alone.")


def _missing(what: str) -> UsageError:
    return UsageError(Code.APP_KEYS_MISSING, f"Nobody has given {what}.")
