"""Customer lists: create, list, get, and update by ADD or REMOVE.

Counters grow by the records of each request, whether or not membership changes. Formats of records are not checked:
Pinterest answers nothing about a single record, and neither does this.

Source: Pinterest OpenAPI 5.23.0, customer_lists/*. Whether `records` may be empty is not documented: a setting.
"""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.call import Call, foreign_or_missing
from pinterest_sandbox.contract import CustomerListRequest, CustomerListUpdateRequest, read_body
from pinterest_sandbox.entities import CustomerList, UserListOperation
from pinterest_sandbox.members import Records, parse_records
from pinterest_sandbox.names import stored_name
from pinterest_sandbox.paging import page
from pinterest_sandbox.refusals import invalid


def create(call: Call) -> dict[str, Any]:
    """POST /ad_accounts/{ad_account_id}/customer_lists."""
    request = read_body(call.body, CustomerListRequest)
    records = parse_records(request.records)
    call.counts_identifiers(len(records.members), "ADD")
    ad_account = call.ad_account()
    _refuse_empty(call, records)
    now = call.now()
    customer_list = CustomerList(
        id=call.world.next_id(),
        ad_account_id=ad_account.id,
        name=stored_name(request.name, call.settings),
        list_type=request.list_type,
        created_time=now,
        updated_time=now,
        last_write_at=call.world.now(),
        num_batches=1,
        num_uploaded_user_records=len(records.members),
    )
    call.world.save(customer_list)
    call.world.apply(customer_list, "ADD", records)
    return show(call, customer_list)


def list_all(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/customer_lists."""
    ad_account = call.ad_account()
    lists = [found for found in call.world.customer_lists.values() if found.ad_account_id == ad_account.id]
    return page(lists, lambda found: (int(found.id),), lambda found: show(call, found), call.query)


def get(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}."""
    return show(call, customer_list_of(call))


def update(call: Call) -> dict[str, Any]:
    """PATCH /ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}."""
    request = read_body(call.body, CustomerListUpdateRequest)
    records = parse_records(request.records)
    call.counts_identifiers(len(records.members), request.operation_type)
    customer_list = customer_list_of(call)
    _refuse_empty(call, records)
    call.writes_to(customer_list.id)
    write(call, customer_list, request.operation_type, records)
    return show(call, customer_list)


def customer_list_of(call: Call) -> CustomerList:
    """The customer list of the path.

    Raises:
        Refusal: the ad account or the list is unknown or foreign.
    """
    ad_account = call.ad_account()
    found = call.world.customer_lists.get(call.path["customer_list_id"])
    if found is None or found.ad_account_id != ad_account.id:
        raise foreign_or_missing(call, found.ad_account_id if found else None, "Customer list")
    return found


def write(call: Call, customer_list: CustomerList, operation: UserListOperation, records: Records) -> None:
    """Change a list's members, count it as one batch, and set matching going."""
    call.matching.before_write(customer_list)
    call.world.apply(customer_list, operation, records)
    if operation == "ADD":
        customer_list.num_uploaded_user_records += len(records.members)
    else:
        customer_list.num_removed_user_records += len(records.members)
    customer_list.num_batches += 1
    customer_list.updated_time = call.now()
    customer_list.last_write_at = call.world.now()
    call.world.save(customer_list)


def show(call: Call, customer_list: CustomerList) -> dict[str, Any]:
    """The list as a response body."""
    return {
        "ad_account_id": customer_list.ad_account_id,
        "created_time": customer_list.created_time,
        "exceptions": {},
        "id": customer_list.id,
        "name": customer_list.name,
        "num_batches": customer_list.num_batches,
        "num_removed_user_records": customer_list.num_removed_user_records,
        "num_uploaded_user_records": customer_list.num_uploaded_user_records,
        "status": call.matching.list_status(customer_list),
        "type": "customerlist",
        "updated_time": customer_list.updated_time,
    }


def _refuse_empty(call: Call, records: Records) -> None:
    if not records.members and call.settings.empty_records == "refuse":
        raise invalid("Invalid request: 'records' must hold at least one record")
