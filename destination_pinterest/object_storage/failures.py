"""Turns what boto raises into the connector's errors: what happened to which bucket, and what to do about it.

Only the storage's code, status and request id are kept. Its message and boto's own text are left out: they may quote
addresses, key ids and more.

Source: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; "Common Errors" of AWS's API references (further
codes of STS); botocore 1.44.5, exceptions.py (all read 2026-11-22). Compatible storages may use other codes, so the
status decides where a code is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, InvalidConfigError, StorageFailedError, StorageRefusedError
from destination_pinterest.local_faults import Way, local_fault, without_login

NOT_THERE: Final = frozenset({"NoSuchKey", "404", "NotFound"})
CONDITION_FAILED: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})

_BAD_KEYS: Final = frozenset(
    {
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "ExpiredTokenException"),
        *("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "TokenRefreshRequired"),
    }
)
_WRONG_REGION: Final = frozenset(
    {
        *("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"),
        *("IncorrectEndpoint", "TemporaryRedirect", "307"),
    }
)
_DENIED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"})
_WRONG_CLOCK: Final = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
# The 4xx after which the same request may succeed later.
_PASSING: Final = frozenset(
    {*("RequestTimeout", "SlowDown", "Throttling", "ThrottlingException", "OperationAborted"), "TooManyRequests"}
)


@contextmanager
def storage_errors(bucket: str, doing: str, endpoint: str | None = None, *, has_worked: bool = False) -> Iterator[None]:
    """Turns boto's exceptions in a `with` block into the connector's errors.

    Args:
        bucket: its name.
        doing: what was attempted, as in "put an object".
        endpoint: its address, if that is known yet.
        has_worked: there were answers from it before.

    Raises:
        InvalidConfigError: what is wrong on this machine: its proxy, its name server, its certificates.
        StorageRefusedError: it would be refused again; the message says what to change.
        StorageFailedError: the network or the storage failed, even after boto's own retries.
    """
    # The client has imported these already; a sync without a bucket never gets here.
    from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]  # noqa: PLC0415

    failure: ConnectorError
    try:
        yield
    except ClientError as error:
        failure = _answered(error, bucket, doing)
    except (BotoCoreError, Boto3Error, ValueError) as error:
        failure = _local_fault(error, bucket, endpoint, has_worked=has_worked) or _unanswered(error, bucket, doing)
    else:
        return
    raise failure from None  # Boto's error tells addresses, and what the storage wrote.


def code_of(error: Exception) -> str:
    """Returns the storage's error code, or the status of an answer without a body ("404")."""
    answer: dict[str, dict[str, str]] = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", ""))


def _answered(error: Exception, bucket: str, doing: str) -> ConnectorError:
    code = code_of(error)
    meta = getattr(error, "response", {}).get("ResponseMetadata", {})
    status = int(meta.get("HTTPStatusCode", 0))
    request_id = f", request id {meta['RequestId']}" if meta.get("RequestId") else ""
    where = f'The bucket "{bucket}"'
    answer = f"[{getattr(error, 'operation_name', doing)}: {code or 'no code'}, HTTP {status}{request_id}]"
    if status == 407:
        return InvalidConfigError(
            Code.PROXY_LOGIN,
            f'The proxy between here and the bucket "{bucket}" asks for a login. Put it into HTTP_PROXY. {answer}',
        )
    if code == "NoSuchBucket":
        situation = Code.BUCKET_MISSING
        advice = f"{where} does not exist. Create it, or correct the name or the endpoint in the settings."
    elif getattr(error, "operation_name", "") == "AssumeRole" and (code in _DENIED or status == 403):
        situation = Code.BUCKET_ROLE_REFUSED
        advice = (
            f'The role for the bucket "{bucket}" may not be assumed. Correct the role ARN in the settings, or let the '
            "role trust the user of the access keys."
        )
    elif code in _BAD_KEYS:
        situation = Code.BUCKET_KEYS_INVALID
        advice = f'The access keys of the bucket "{bucket}" are not valid. Enter valid ones in the settings.'
    elif code in _WRONG_REGION:
        situation = Code.BUCKET_IN_OTHER_REGION
        advice = f"{where} lies in another region. Correct the region in the settings."
    elif code in _WRONG_CLOCK:
        situation = Code.BUCKET_CLOCK_DIFFERS
        advice = f"{where} refused the request's time. Set the clock of the machine that the connector runs on."
    elif (status >= 500 and status != 501) or status == 429 or code in _PASSING:
        return StorageFailedError(
            Code.BUCKET_FAILED, f"{where} did not {doing}, also when asked again. Run the sync again later. {answer}"
        )
    elif code in _DENIED or status == 403:
        situation = Code.BUCKET_ACCESS_DENIED
        advice = (
            f"{where} does not allow the connector to {doing}. Grant s3:PutObject, s3:GetObject, s3:DeleteObject and "
            "s3:ListBucket on the bucket and its path, or enter the keys of a user who has them."
        )
    else:
        situation = Code.BUCKET_REFUSED
        advice = f"{where} refused to {doing}. Look the code up in its documentation and correct the settings."
    return StorageRefusedError(situation, f"{advice} {answer}")


def _local_fault(error: Exception, bucket: str, endpoint: str | None, *, has_worked: bool) -> ConnectorError | None:
    told: dict[str, object] = getattr(error, "kwargs", {})  # Boto keeps what its own error is about.
    cause = told.get("error")
    if not isinstance(cause, BaseException):
        return None
    address = urlsplit(str(told.get("endpoint_url") or endpoint or ""))
    proxy = told.get("proxy_url")
    way = Way(
        f'the bucket "{bucket}"',
        address.hostname or "its endpoint",
        address.port or (80 if address.scheme == "http" else 443),
        without_login(str(proxy)) if proxy else None,
    )
    return local_fault(cause, way, has_worked=has_worked)


def _unanswered(error: Exception, bucket: str, doing: str) -> ConnectorError:
    from botocore import exceptions as boto  # type: ignore[import-untyped]  # noqa: PLC0415

    kind = type(error).__name__
    if isinstance(error, (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound)):
        return StorageRefusedError(
            Code.BUCKET_KEYS_INVALID,
            f'There are no access keys for the bucket "{bucket}", neither in the settings nor on the machine that the '
            f"connector runs on. Enter them in the settings. [{kind}]",
        )
    passing = (
        *(boto.HTTPClientError, boto.ConnectionError, boto.IncompleteReadError, boto.ChecksumError),
        *(boto.CredentialRetrievalError, boto.TokenRetrievalError),
    )
    if isinstance(error, passing) or not isinstance(error, (boto.BotoCoreError, ValueError)):
        return StorageFailedError(
            Code.BUCKET_UNREACHABLE,
            f'The bucket "{bucket}" could not be reached to {doing}, also when tried again. Check the endpoint and the '
            f"network, and run the sync again. [{kind}]",
        )
    return StorageRefusedError(
        Code.BUCKET_SETTINGS_UNUSABLE,
        f'The settings of the bucket "{bucket}" can\'t be used to {doing}. Correct its name, its region or the '
        f"endpoint. [{kind}]",
    )
