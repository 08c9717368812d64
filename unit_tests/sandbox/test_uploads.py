from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from pinterest_sandbox.uploads import SMALLEST_PART_BYTES
from unit_tests.sandbox.person import FakeClock, Person


def begin(person: Person, list_id: str, parts: int = 1, operation: str = "ADD") -> dict[str, Any]:
    path = f"/v5/ad_accounts/549755885175/customer_lists/{list_id}/uploads"
    reply = person.call("POST", path, {"operation": operation, "total_parts": parts})
    assert reply.status == 200, reply.body
    made = reply.json()
    made["path"] = f"{path}/{made['customer_list_upload']['id']}"
    return dict(made)


def put(person: Person, made: dict[str, Any], number: int, body: bytes) -> Any:
    url = urlsplit(made["s3_multipart_upload_data"]["file_parts"][number - 1]["presigned_url"])
    return person.call("PUT", f"{url.path}?{url.query}", body=body, token=None)


def test_a_file_in_one_part_reaches_the_list_and_its_records_are_counted(
    start: Callable[..., Any], clock: FakeClock
) -> None:
    person = start(matching_delay_s=5)
    made_list = person.new_list("old@example.com")
    made = begin(person, made_list["id"])
    assert made["customer_list_upload"]["state"] == "NOT_STARTED"
    body = b"a@example.com\r\nb@example.com,NOT-AN-ADDRESS\n" + hashlib.sha256(b"c").hexdigest().encode()
    answer = put(person, made, 1, body)
    assert (answer.status, answer.headers["etag"]) == (200, f'"{hashlib.md5(body).hexdigest()}"')
    running = person.call("POST", f"{made['path']}/run").json()
    assert (running["state"], running["record_counts"]) == ("RUNNING", None)
    clock.now += 5
    over = person.call("GET", made["path"]).json()
    assert over["state"] == "SUCCEEDED"
    assert over["record_counts"] == {"processed": 4, "valid": 3, "invalid": 1}
    assert over["error_counts"] == [{"error_code": 42, "message": "Invalid email", "count": 1}]
    assert len(person.members(made_list["id"])) == 4
    assert person.get_list(made_list["id"])["num_batches"] == 2


def test_records_may_be_cut_in_two_by_the_border_of_parts(person: Person) -> None:
    list_id = person.new_list("old@example.com")["id"]
    made = begin(person, list_id, parts=2, operation="REMOVE")
    put(person, made, 2, b"ld@example.com")
    put(person, made, 1, b"," * SMALLEST_PART_BYTES + b"o")
    assert person.call("POST", f"{made['path']}/run").status == 200
    assert person.members(list_id) == set()


def test_an_upload_runs_once_and_only_with_all_parts_of_the_right_size(person: Person) -> None:
    made = begin(person, person.new_list()["id"], parts=2)
    run = f"{made['path']}/run"
    assert "part 1 of 2 was not uploaded" in person.call("POST", run).json()["message"]
    put(person, made, 1, b"a@example.com")
    put(person, made, 2, b"b@example.com")
    assert "smaller than 5 MB" in person.call("POST", run).json()["message"]
    put(person, made, 1, b"," * SMALLEST_PART_BYTES)
    assert person.call("POST", run).status == 200
    assert person.call("POST", run).status == 400
    assert put(person, made, 1, b"late").status == 403


def test_an_address_that_was_not_given_out_is_refused(person: Person) -> None:
    made = begin(person, person.new_list()["id"])
    upload_id = made["customer_list_upload"]["id"]
    assert person.call("PUT", f"/_uploads/{upload_id}/1?X-Amz-Signature=x", body=b"a").status == 403
    signature = made["s3_multipart_upload_data"]["file_parts"][0]["presigned_url"].partition("?")[2]
    assert person.call("PUT", f"/_uploads/{upload_id}/2?{signature}", body=b"a").status == 400
    assert person.call("PUT", f"/_uploads/1/1?{signature}", body=b"a").status == 403


@pytest.mark.parametrize("parts", [0, 11])
def test_one_to_ten_parts_are_allowed(person: Person, parts: int) -> None:
    path = f"/v5/ad_accounts/549755885175/customer_lists/{person.new_list()['id']}/uploads"
    assert person.call("POST", path, {"operation": "ADD", "total_parts": parts}).status == 400


def test_an_upload_belongs_to_its_list(person: Person) -> None:
    made = begin(person, person.new_list()["id"])
    other = person.new_list()["id"]
    upload_id = made["customer_list_upload"]["id"]
    path = f"/v5/ad_accounts/549755885175/customer_lists/{other}/uploads/{upload_id}"
    assert person.call("GET", path).json() == {"code": 50, "message": "Customer list upload not found."}
