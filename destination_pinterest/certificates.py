"""Finds the certificates of the authorities to trust, as the environment names them, and tries to read them.

requests reads REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, boto only the first of them, and OpenSSL SSL_CERT_FILE and
SSL_CERT_DIR; whoever sets one of them means every connection. What is named replaces what comes with the packages.

Source: docs.python-requests.org, "SSL Cert Verification"; botocore 1.44.5, endpoint.py; docs.openssl.org,
SSL_CTX_load_verify_locations (names in a folder; all read 2026-11-27).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError

# In this order: what is meant for programs like this one first.
_FILES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_FOLDER: Final = "SSL_CERT_DIR"
# The names by which OpenSSL finds a certificate in a folder; in any other folder it finds none.
_HASHED_NAME: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def trusted_certificates(environment: Mapping[str, str]) -> str | None:
    """Returns the path of the file or folder to trust; None for the certificates that come with the packages.

    Raises:
        InvalidConfigError: what is named can't be used.
    """
    for variable in _FILES:
        if environment.get(variable):
            return usable_certificates(environment[variable], variable)
    folder = environment.get(_FOLDER, "")
    return folder if folder and _is_of_openssl(Path(folder)) else None


def usable_certificates(path: str, variable: str) -> str:
    """Returns `path` if certificates can be read from it; `variable` is what names it.

    Raises:
        InvalidConfigError: they can't.
    """
    fault = _fault(Path(path))
    if fault is None:
        return path
    raise InvalidConfigError(
        Code.CERTIFICATES_UNUSABLE,
        f"The certificates in {path}, which {variable} names, can't be used: {fault}. Correct {variable}, or remove it "
        "to trust the usual authorities.",
    )


def _fault(path: Path) -> str | None:
    if path.is_dir():
        return None  # Its certificates are read one by one, when they are needed.
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        return "it holds no certificate in PEM form"
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    except ValueError:
        return "that is no path"
    return None


def _is_of_openssl(folder: Path) -> bool:
    with suppress(OSError, ValueError):
        return any(_HASHED_NAME.fullmatch(entry.name) for entry in folder.iterdir())
    return False
