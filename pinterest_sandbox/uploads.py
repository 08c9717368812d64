"""Customer list uploads: a file in parts to presigned addresses, then its run into a list.

The addresses are the sandbox's own. It is the only part of the API that tells valid records from invalid ones.

Source: Pinterest OpenAPI 5.23.0, customer_list_uploads/* (closed beta). The form of the file is not documented: records
parted by commas or line ends are read here.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pinterest_sandbox.call import Call
from pinterest_sandbox.contract import CustomerListUploadCreateRequest, read_body
from pinterest_sandbox.customer_lists import customer_list_of, write
from pinterest_sandbox.entities import Upload
from pinterest_sandbox.members import Member, Records, parse_records
from pinterest_sandbox.refusals import invalid, not_found
from pinterest_sandbox.world import World

# "Each part must be at least 5mb; however the last part can be any size greater than 0."
SMALLEST_PART_BYTES = 5 * 1024 * 1024
_INVALID_EMAIL = 42  # the example of an error_code in the description
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def create(call: Call) -> dict[str, Any]:
    """POST …/customer_lists/{customer_list_id}/uploads."""
    request = read_body(call.body, CustomerListUploadCreateRequest)
    customer_list = customer_list_of(call)
    call.seen.operation = request.operation
    upload = Upload(
        id=call.world.next_id(),
        ad_account_id=customer_list.ad_account_id,
        customer_list_id=customer_list.id,
        operation=request.operation,
        total_parts=request.total_parts,
        created_time=call.now(),
        updated_time=call.now(),
        signature=secrets.token_hex(32),
    )
    call.world.save(upload)
    here = f"http://{call.headers.get('host', '127.0.0.1')}"
    parts = [
        {
            "part_number": number,
            "presigned_url": f"{here}/_uploads/{upload.id}/{number}?X-Amz-Signature={upload.signature}",
        }
        for number in range(1, upload.total_parts + 1)
    ]
    return {"customer_list_upload": _show(call, upload), "s3_multipart_upload_data": {"file_parts": parts}}


def get(call: Call) -> dict[str, Any]:
    """GET …/uploads/{customer_list_upload_id}."""
    return _show(call, _upload_of(call))


def run(call: Call) -> dict[str, Any]:
    """POST …/uploads/{customer_list_upload_id}/run: the parts reach the list at once, the state follows matching."""
    upload = _upload_of(call)
    if upload.run_at is not None:
        raise invalid("Invalid request: this upload was already started")
    _check_parts(upload, call.world.parts.get(upload.id, {}))
    customer_list = customer_list_of(call)
    text = b"".join(call.world.take_parts(upload)).decode("utf-8", "replace")
    sent = parse_records(",".join(text.replace("\r", "\n").split("\n"))).members
    good = tuple(member for member in sent if _is_valid(member, customer_list.list_type))
    call.counts_identifiers(len(sent), upload.operation)
    write(call, customer_list, upload.operation, Records(good, None), len(good))
    upload.valid, upload.invalid = len(good), len(sent) - len(good)
    upload.run_at = call.world.now()
    upload.updated_time = call.now()
    call.world.save(upload)
    return _show(call, upload)


class PresignedParts:
    """Takes the parts of uploads at their presigned addresses, in the manner of S3."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def put(self, request: Request) -> Response:
        """PUT /_uploads/{upload_id}/{number}: 200 with an ETag; 403 for an address that was not given out."""
        upload = self._world.uploads.get(request.path_params["upload_id"])
        number = int(request.path_params["number"])
        body = await request.body()
        signature = request.query_params.get("X-Amz-Signature", "")
        if upload is None or upload.run_at is not None or not secrets.compare_digest(upload.signature, signature):
            return _s3_error(403, "AccessDenied")
        if not 1 <= number <= upload.total_parts:
            return _s3_error(400, "InvalidArgument")
        self._world.keep_part(upload, number, body)
        self._world.commit()
        return Response(headers={"etag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'})


def _upload_of(call: Call) -> Upload:
    customer_list = customer_list_of(call)
    upload = call.world.uploads.get(call.path["customer_list_upload_id"])
    if upload is None or upload.customer_list_id != customer_list.id:
        raise not_found("Customer list upload")
    return upload


def _check_parts(upload: Upload, parts: dict[int, bytes]) -> None:
    missing = [number for number in range(1, upload.total_parts + 1) if not parts.get(number)]
    if missing:
        raise invalid(f"Invalid request: part {missing[0]} of {upload.total_parts} was not uploaded")
    too_small = [number for number in range(1, upload.total_parts) if len(parts[number]) < SMALLEST_PART_BYTES]
    if too_small:
        raise invalid(f"Invalid request: part {too_small[0]} is smaller than 5 MB and not the last")


def _is_valid(member: Member, list_type: str) -> bool:
    if isinstance(member, bytes) or list_type in {"LR_ID", "DLX_ID", "HASHED_PINNER_ID"}:
        return True
    return member == member.lower() and _ADDRESS.fullmatch(member) is not None


def _show(call: Call, upload: Upload) -> dict[str, Any]:
    state, counts, errors = "NOT_STARTED", None, None
    if upload.run_at is not None:
        state = "RUNNING"
        if call.world.now() >= upload.run_at + call.settings.matching_delay_s:
            state = "SUCCEEDED"
            counts = {
                "invalid": upload.invalid,
                "processed": upload.valid + upload.invalid,
                "valid": upload.valid,
            }
            invalid_email = {"count": upload.invalid, "error_code": _INVALID_EMAIL, "message": "Invalid email"}
            errors = [invalid_email] if upload.invalid else []
    return {
        "ad_account_id": upload.ad_account_id,
        "creation_time": upload.created_time,
        "customer_list_id": upload.customer_list_id,
        "error_counts": errors,
        "id": upload.id,
        "operation": upload.operation,
        "record_counts": counts,
        "state": state,
        "updated_time": upload.updated_time,
    }


def _s3_error(status: int, code: str) -> Response:
    return Response(f"<Error><Code>{code}</Code></Error>", status, media_type="application/xml")
