"""A bucket whose far end is botocore's Stubber: what is asked of it, and what its refusals become."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import (
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import Stubber

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.error_codes import Code
from destination_pinterest.object_storage.failures import storage_errors
from destination_pinterest.object_storage.probe import probe
from destination_pinterest.object_storage.s3 import ConditionFailedError, S3Bucket, StoredObject
from unit_tests.support.raises import raises

ACCESS = {
    "access_key_id": "AKIDCANARY",
    "secret_access_key": "canary-secret-key",
    "s3_bucket_name": "shop",
    "s3_bucket_region": "eu-central-1",
    "bucket_path": "/pinterest/rows/",
}
BAD_KEYS = "are not valid"
WRONG_REGION = "lies in another region"
NOT_ALLOWED = "does not allow the connector to put an object. Grant s3:PutObject"


def access(**changes: Any) -> S3Access:
    return S3Access.model_validate({**ACCESS, **changes})


@pytest.fixture(scope="module")
def bucket() -> S3Bucket:
    return S3Bucket(access(), attempts=1)


@pytest.fixture
def far_end(bucket: S3Bucket) -> Iterator[Stubber]:
    with Stubber(bucket._client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_keys_are_below_the_folder_whatever_slashes_it_was_given_with(bucket: S3Bucket, far_end: Stubber) -> None:
    assert bucket.address == "s3://shop/pinterest/rows/"
    assert S3Bucket(access(bucket_path="/")).address == "s3://shop/"
    asked = {"Bucket": "shop", "Key": "pinterest/rows/a/b", "Body": b"x"}
    far_end.add_response("put_object", {"ETag": '"1"'}, asked)
    assert bucket.put("a/b", b"x") == '"1"'


@pytest.mark.parametrize(
    ("condition", "asked"), [({"if_match": '"1"'}, {"IfMatch": '"1"'}), ({"if_absent": True}, {"IfNoneMatch": "*"})]
)
@pytest.mark.parametrize(("code", "status"), [("PreconditionFailed", 412), ("ConditionalRequestConflict", 409)])
def test_a_put_whose_condition_fails_says_so(
    bucket: S3Bucket, far_end: Stubber, condition: dict[str, Any], asked: dict[str, str], code: str, status: int
) -> None:
    expected = {"Bucket": "shop", "Key": "pinterest/rows/k", "Body": b"", **asked}
    far_end.add_client_error("put_object", code, http_status_code=status, expected_params=expected)
    with pytest.raises(ConditionFailedError):
        bucket.put("k", b"", **condition)


def test_a_put_over_a_version_that_is_gone_has_failed_its_condition(bucket: S3Bucket, far_end: Stubber) -> None:
    far_end.add_client_error("put_object", "NoSuchKey", http_status_code=404)
    with pytest.raises(ConditionFailedError):
        bucket.put("k", b"", if_match='"1"')


def test_a_failed_precondition_that_nobody_asked_for_is_a_refusal(bucket: S3Bucket, far_end: Stubber) -> None:
    far_end.add_client_error("put_object", "PreconditionFailed", http_status_code=412)
    with raises(Code.BUCKET_REFUSED):
        bucket.put("k", b"")


def test_get_gives_content_and_version_or_nothing(bucket: S3Bucket, far_end: Stubber) -> None:
    far_end.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"hello"), 5), "ETag": '"7"'})
    far_end.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    assert bucket.get("k") == StoredObject(b"hello", '"7"')
    assert bucket.get("k") is None


def test_a_stored_object_does_not_show_its_content() -> None:
    assert "person" not in repr(StoredObject(b"person@example.com", '"7"'))


def test_keys_come_from_all_pages_and_without_the_folder(bucket: S3Bucket, far_end: Stubber) -> None:
    first = {"IsTruncated": True, "NextContinuationToken": "t", "Contents": [{"Key": "pinterest/rows/a/1"}]}
    far_end.add_response("list_objects_v2", first, {"Bucket": "shop", "Prefix": "pinterest/rows/a/"})
    far_end.add_response("list_objects_v2", {"IsTruncated": False, "Contents": [{"Key": "pinterest/rows/a/2"}]})
    far_end.add_response("list_objects_v2", {"IsTruncated": False})
    assert list(bucket.keys("a/")) == ["a/1", "a/2"]
    assert list(bucket.keys("b/")) == []


def test_a_probe_writes_and_deletes_one_object(bucket: S3Bucket, far_end: Stubber) -> None:
    key = "pinterest/rows/destination-pinterest-check.txt"
    far_end.add_response("put_object", {"ETag": '"1"'})
    far_end.add_response("delete_object", {}, {"Bucket": "shop", "Key": key})
    probe(bucket)


def test_a_probe_that_may_not_delete_fails(bucket: S3Bucket, far_end: Stubber) -> None:
    far_end.add_response("put_object", {"ETag": '"1"'})
    far_end.add_client_error("delete_object", "AccessDenied", http_status_code=403)
    with raises(Code.BUCKET_ACCESS_DENIED, match="does not allow the connector to delete an object"):
        probe(bucket)


@pytest.mark.parametrize(
    ("code", "status", "meaning", "advice"),
    [
        ("NoSuchBucket", 404, Code.BUCKET_MISSING, "does not exist"),
        ("InvalidAccessKeyId", 403, Code.BUCKET_KEYS_INVALID, BAD_KEYS),
        ("SignatureDoesNotMatch", 403, Code.BUCKET_KEYS_INVALID, BAD_KEYS),
        ("ExpiredToken", 400, Code.BUCKET_KEYS_INVALID, BAD_KEYS),
        ("AccessDenied", 403, Code.BUCKET_ACCESS_DENIED, NOT_ALLOWED),
        ("SomethingNew", 403, Code.BUCKET_ACCESS_DENIED, NOT_ALLOWED),
        ("PermanentRedirect", 301, Code.BUCKET_IN_OTHER_REGION, WRONG_REGION),
        ("AuthorizationHeaderMalformed", 400, Code.BUCKET_IN_OTHER_REGION, WRONG_REGION),
        ("RequestTimeTooSkewed", 403, Code.BUCKET_CLOCK_DIFFERS, "Set the clock"),
        ("NotImplemented", 501, Code.BUCKET_REFUSED, "refused to put an object"),
        ("", 418, Code.BUCKET_REFUSED, "refused to put an object"),
    ],
)
def test_what_somebody_must_change_is_a_refusal_with_advice(
    bucket: S3Bucket, far_end: Stubber, code: str, status: int, meaning: Code, advice: str
) -> None:
    far_end.add_client_error("put_object", code, "AKIDCANARY of canary-secret-key", http_status_code=status)
    with raises(meaning, match=advice) as caught:
        bucket.put("k", b"")
    assert '"shop"' in str(caught.value)
    assert f"PutObject: {code or 'no code'}, HTTP {status}" in str(caught.value)
    assert "anary" not in str(caught.value)
    assert "AKIDCANARY" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("code", "status"),
    [("InternalError", 500), ("SlowDown", 503), ("TooManyRequests", 429), ("RequestTimeout", 400)],
)
def test_what_may_pass_is_a_failure(bucket: S3Bucket, far_end: Stubber, code: str, status: int) -> None:
    far_end.add_client_error("put_object", code, http_status_code=status)
    with raises(Code.BUCKET_FAILED, match=r'The bucket "shop" did not put an object'):
        bucket.put("k", b"")


def test_a_role_that_may_not_be_assumed_is_named() -> None:
    from botocore.exceptions import ClientError  # noqa: PLC0415

    refusal = ClientError(
        {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "AssumeRole"
    )
    with raises(Code.BUCKET_ROLE_REFUSED, match="role for the bucket"), storage_errors("shop", "put an object"):
        raise refusal


@pytest.mark.parametrize(
    ("error", "meaning", "says"),
    [
        (NoCredentialsError(), Code.BUCKET_KEYS_INVALID, "no access keys"),
        (ParamValidationError(report="canary"), Code.BUCKET_SETTINGS_UNUSABLE, "can't be used"),
        (ValueError("Invalid endpoint: canary"), Code.BUCKET_SETTINGS_UNUSABLE, "can't be used"),
        (EndpointConnectionError(endpoint_url="https://canary"), Code.BUCKET_UNREACHABLE, "could not be reached"),
        (ReadTimeoutError(endpoint_url="https://canary"), Code.BUCKET_UNREACHABLE, "could not be reached"),
        (CredentialRetrievalError(provider="canary", error_msg="x"), Code.BUCKET_UNREACHABLE, "could not be reached"),
    ],
)
def test_what_boto_raises_of_its_own_is_told_without_its_text(error: Exception, meaning: Code, says: str) -> None:
    with raises(meaning, match=says) as caught, storage_errors("shop", "put an object"):
        raise error
    assert "canary" not in str(caught.value)


def test_settings_that_boto_can_not_use_are_refused_when_the_bucket_is_opened() -> None:
    with raises(Code.BUCKET_SETTINGS_UNUSABLE, match="Correct its name, its region or the endpoint"):
        S3Bucket(access(s3_bucket_region="no region at all"))


def test_a_role_without_keys_to_assume_it_with_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with raises(Code.BUCKET_KEYS_INVALID, match="There are no access keys"):
        S3Bucket(access(access_key_id=None, secret_access_key=None, role_arn="arn:aws:iam::123456789012:role/x"))


def test_an_upload_opens_the_file_that_it_is_given(bucket: S3Bucket, far_end: Stubber, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    far_end.add_response("put_object", {"ETag": '"1"'})
    bucket.upload(tmp_path / "file", "k")


def test_boto_logs_nothing_below_a_warning(bucket: S3Bucket) -> None:
    assert bucket.address
    for name in ("boto3", "botocore", "s3transfer"):
        assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING
