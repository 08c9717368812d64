from __future__ import annotations

import json

from botocore.stub import ANY, Stubber

from destination_pinterest.config import S3ObjectStorage
from destination_pinterest.dead_letters.factory import DeadLetterStorage
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.input import MessageDecoder
from unit_tests.support.clock import Clock

SETTINGS = S3ObjectStorage(
    access_key_id="k", secret_access_key="s", s3_bucket_name="shop", s3_bucket_region="eu-central-1", bucket_path="p",
    path_format="{stream_name}", include_values=True,
)  # fmt: skip


def test_rows_go_into_the_bucket_under_the_settings_names_and_are_summed_up(clock: Clock) -> None:
    stream = {"stream": {"name": "users", "json_schema": {}}, "primary_key": [["id"]], "sync_id": 3}
    (plan,) = parse_catalog(json.dumps({"streams": [stream]}).encode())
    decoder = MessageDecoder(["email", "id"])
    (message,) = decoder.decode(b'{"type":"RECORD","record":{"stream":"users","data":{"id":1,"email":"no"}}}\n')
    bucket = S3Bucket(SETTINGS)
    storage = DeadLetterStorage(bucket, SETTINGS, clock.system)
    rows = storage.rows_of(plan, ("id",), ("email",), decoder)
    assert list(storage.summary()) == []
    with Stubber(bucket._client) as far_end:
        for part in (0, 1):
            key = f"p/users/2027_01_15_1800000000000_{part}.jsonl"
            far_end.add_response("put_object", {"ETag": '"1"'}, {"Bucket": "shop", "Key": key, "Body": ANY})
            rows.add(message.record.data, Rejection("email", None, RejectionReason.INVALID_EMAIL), 0)
            storage.queue.close()
            (file,) = storage.queue.start_due()
            assert json.loads(file.body)["rejected_value"] == "no"
            assert storage.queue.ack(storage.queue.store(file)) is None
            files = "2 files" if part else "1 file"
            assert list(storage.summary()) == [f"Rejected rows: {part + 1} written to s3://shop/p/ in {files}."]
        far_end.assert_no_pending_responses()
