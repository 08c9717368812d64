"""Creates the boto client of a bucket from the settings: credentials, location, timeouts.

Source: boto3 and botocore 1.44.5 (config.py, credentials.py, session.py). MinIO and Ceph answer STS at the storage's
own address: docs.min.io, "AssumeRole"; docs.redhat.com, Ceph Storage, "Configuring and using STS Lite with Keystone"
(all read 2026-11-22).
"""

from __future__ import annotations

import logging
import os
from typing import Any, Final

from destination_pinterest.certificates import trusted_certificates, usable_certificates
from destination_pinterest.config.s3 import S3Access

_CONNECT_TIMEOUT_S: Final = 10
_READ_TIMEOUT_S: Final = 60
_ROLE_SESSION: Final = "destination-pinterest"
# They log bodies and headers at DEBUG, and where credentials were found at INFO.
_TALKATIVE: Final = ("boto3", "botocore", "s3transfer")


def make_client(access: S3Access, attempts: int) -> Any:
    """Creates a client for S3. Nothing is sent yet, except to look up the machine's own credentials.

    Args:
        access: the settings.
        attempts: how often one request is sent at most; boto waits longer each time.

    Raises:
        botocore.exceptions.BotoCoreError, ValueError: boto can't use the settings.
        InvalidConfigError: the certificates that the environment names can't be used.
    """
    # Importing it costs a quarter of a second and 20 MB, which a sync without a bucket need not pay.
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415
    from botocore.config import Config  # type: ignore[import-untyped]  # noqa: PLC0415

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    options: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "read_timeout": _READ_TIMEOUT_S,
        "retries": {"mode": "standard", "total_max_attempts": attempts},
    }
    if access.s3_endpoint:
        # S3-compatible storages seldom have a host name for each bucket, or newer checksums.
        options |= {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    config = Config(**options)
    session = _session(access)
    if access.access_key_id and access.secret_access_key:
        session.set_credentials(access.access_key_id, access.secret_access_key)
    verify = _certificates(session, access)
    if access.role_arn:
        session = _assuming(access.role_arn, session, access, {"config": config, "verify": verify})
    return boto3.Session(botocore_session=session).client(
        "s3", region_name=access.s3_bucket_region, endpoint_url=access.s3_endpoint or None, config=config, verify=verify
    )


def _certificates(session: Any, access: S3Access) -> str | None:
    """Returns the certificates to trust; None for boto's own. Its own settings of them come first, as boto has it."""
    if (access.s3_endpoint or "").startswith("http:"):
        return None
    own = session.get_config_variable("ca_bundle")
    return usable_certificates(own, "AWS_CA_BUNDLE") if own else trusted_certificates(os.environ)


def _session(access: S3Access) -> Any:
    import botocore.session  # type: ignore[import-untyped]  # noqa: PLC0415

    session = botocore.session.get_session()
    session.set_config_variable("region", access.s3_bucket_region)
    return session


def _assuming(role_arn: str, source: Any, access: S3Access, connection: dict[str, Any]) -> Any:
    """Returns a session with the role's credentials, fetched at the first request and renewed before they expire."""
    from botocore.credentials import (  # type: ignore[import-untyped]  # noqa: PLC0415
        AssumeRoleCredentialFetcher,
        DeferredRefreshableCredentials,
    )
    from botocore.exceptions import NoCredentialsError  # type: ignore[import-untyped]  # noqa: PLC0415

    own = source.get_credentials()
    if own is None:
        raise NoCredentialsError

    def token_service(service: str, **signed: Any) -> Any:
        return source.create_client(service, endpoint_url=access.s3_endpoint or None, **{**signed, **connection})

    fetcher = AssumeRoleCredentialFetcher(token_service, own, role_arn, extra_args={"RoleSessionName": _ROLE_SESSION})
    session = _session(access)
    session.register_component(
        "credential_provider", _Role(DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role"))
    )
    return session


class _Role:
    """A botocore credential provider."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        """Returns the role's credentials."""
        return self._credentials
