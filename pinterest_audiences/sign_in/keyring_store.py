"""Keeps an app's secret in the machine's keyring, where somebody chooses so.

Nothing is renewed without it: what lies in the file is worth an access token to a thief, which ends after 30 days.
The tokens stay in the file: processes share it, and take turns at renewing it, which no keyring offers.

Source: keyring.readthedocs.io, get_password, set_password, delete_password, errors (read 2026-11-27).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sign_in.profiles import read_about

SECRET_VARIABLE: Final = "PINTEREST_AUDIENCES_KEYRING_SECRET"  # noqa: S105 - the name of a variable
# What stands in the profile's file in place of the secret.
PLACEHOLDER: Final = f"${{{SECRET_VARIABLE}}}"
ABOUT: Final = "secret_in_keyring"
_SERVICE: Final = "pinterest-audiences"


def keep_secret(path: Path, secret: str) -> None:
    """Puts the secret of a profile's app into the keyring. Raises: UsageError if there is none."""
    with _told_of():
        import keyring  # noqa: PLC0415 - an extra

        keyring.set_password(_SERVICE, str(path), secret)


def check_keyring(path: Path) -> None:
    """Finds out before a sign-in whether the secret can be kept. Raises: UsageError if it can't."""
    trial = f"{path} (trial)"
    with _told_of():
        import keyring  # noqa: PLC0415 - an extra

        keyring.set_password(_SERVICE, trial, "trial")
        keyring.delete_password(_SERVICE, trial)


def is_in_keyring(path: Path) -> bool:
    """Whether the secret of a profile's app is in the keyring."""
    if read_about(path).get(ABOUT):
        return True
    # What lies beside the profile may be lost, or of a later version.
    with suppress(OSError, UnreadableDocumentError):
        credentials = decode_object(read_bytes(path, SMALL_BYTES)).get("credentials")
        return isinstance(credentials, dict) and credentials.get("client_secret") == PLACEHOLDER
    return False


def forget_secret(path: Path) -> None:
    """Takes the secret out, if it is there. Raises: UsageError if the keyring does not let it go."""
    with _told_of():
        import keyring  # noqa: PLC0415 - an extra

        if keyring.get_password(_SERVICE, str(path)) is not None:
            keyring.delete_password(_SERVICE, str(path))


def left_behind(path: Path, error: UsageError) -> str:
    """What is said of a secret that the keyring does not let go."""
    return f"The app's secret is still in this machine's keyring, under {_SERVICE} and {path}. Remove it there. {error}"


def with_secret(path: Path | None, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Returns the environment with the secret that the profile's file names, if it is kept so.

    Raises: UsageError if the keyring does not give it.
    """
    if path is None or not is_in_keyring(path):
        return environment
    with _told_of():
        import keyring  # noqa: PLC0415 - an extra

        secret = keyring.get_password(_SERVICE, str(path))
    if not secret:
        raise UsageError(
            Code.KEYRING_UNUSABLE,
            f"The keyring has no secret for the profile {path.stem}. Sign in again by `pinterest-audiences login "
            f"--profile {path.stem}`.",
        )
    return {**environment, SECRET_VARIABLE: secret}


@contextmanager
def _told_of() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError:
        raise UsageError(
            Code.PACKAGE_MISSING,
            "The Python package 'keyring' is not installed. Run: pip install "
            '"airbyte-destination-pinterest[cli,keyring]"',
        ) from None
    except Exception as error:  # noqa: BLE001 - each backend has errors of its own, whose texts may say anything
        raise UsageError(
            Code.KEYRING_UNUSABLE,
            f"The keyring of this machine can't be used ({type(error).__name__}). Unlock it, or sign in without "
            "--keyring.",
        ) from None
