"""Customer lists: create, list, get, and update by ADD or REMOVE.

Counters grow by the records of each request, whether or not membership changes. Formats of records are not checked:
Pinterest answers nothing about a single record, and neither does this.

Source: Pinterest OpenAPI 5.23.0, customer_lists/*; `is_nca` and `exclude_nca`: 5.28.0.
"""

from __future__ import annotations

from typing import Any

from pinterest_sandbox.call import Call, foreign_or_missing
from pinterest_sandbox.contract import CustomerListRequest, CustomerListUpdateRequest, read_body
from pinterest_sandbox.count_lag import Counts
from pinterest_sandbox.entities import CustomerList, UserListOperation
from pinterest_sandbox.names import kept_name
from pinterest_sandbox.paging import page
from pinterest_sandbox.people_sent import People, people_of, taken_in


def create(call: Call) -> dict[str, Any]:
    """POST /ad_accounts/{ad_account_id}/customer_lists."""
    request = read_body(call.body, CustomerListRequest)
    people = people_of(call, request, "ADD")
    ad_account = call.ad_account()
    taken = taken_in(call, people)
    now = call.now()
    customer_list = CustomerList(
        id=call.world.next_id(),
        ad_account_id=ad_account.id,
        name=kept_name(request.name, call.settings),
        list_type=request.list_type,
        created_time=now,
        updated_time=now,
        last_write_at=call.world.now(),
        num_batches=1,
        num_uploaded_user_records=_counted(call, people, taken),
        is_nca=request.is_nca is True,
    )
    call.count_lag.before_write(customer_list.id, Counts(), call.settings.count_lag_s)
    call.world.save(customer_list)
    call.world.apply(customer_list, "ADD", taken)
    return show(call, customer_list)


def list_all(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/customer_lists."""
    ad_account = call.ad_account()
    lists = [
        found
        for found in call.world.customer_lists.values()
        if found.ad_account_id == ad_account.id
        and call.lateness.is_listed(found.id)
        and not (call.query.get("exclude_nca") == "true" and found.is_nca)
    ]
    return page(lists, lambda found: (int(found.id),), lambda found: show(call, found), call.query)


def get(call: Call) -> dict[str, Any]:
    """GET /ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}."""
    return show(call, customer_list_of(call))


def update(call: Call) -> dict[str, Any]:
    """PATCH /ad_accounts/{ad_account_id}/customer_lists/{customer_list_id}."""
    request = read_body(call.body, CustomerListUpdateRequest)
    people = people_of(call, request, request.operation_type)
    customer_list = customer_list_of(call)
    taken = taken_in(call, people)
    call.writes_to(customer_list.id)
    write(call, customer_list, request.operation_type, taken, _counted(call, people, taken))
    return show(call, customer_list)


def customer_list_of(call: Call) -> CustomerList:
    """The customer list of the path.

    Raises:
        Refusal: the ad account or the list is unknown or foreign.
    """
    ad_account = call.ad_account()
    found = call.world.customer_lists.get(call.path["customer_list_id"])
    if found is None or found.ad_account_id != ad_account.id or not call.lateness.is_known(found.id):
        raise foreign_or_missing(call, found.ad_account_id if found else None, "Customer list")
    return found


def write(call: Call, customer_list: CustomerList, operation: UserListOperation, people: People, counted: int) -> None:
    """Change who is in a list, count it as one batch, and set matching going."""
    call.matching.before_write(customer_list)
    call.count_lag.before_write(customer_list.id, Counts.of(customer_list), call.settings.count_lag_s)
    call.world.apply(customer_list, operation, people)
    if operation == "ADD":
        customer_list.num_uploaded_user_records += counted
    else:
        customer_list.num_removed_user_records += counted
    customer_list.num_batches += 1
    customer_list.updated_time = call.now()
    customer_list.last_write_at = call.world.now()
    call.world.save(customer_list)


def show(call: Call, customer_list: CustomerList) -> dict[str, Any]:
    """The list as a response body."""
    counts = call.count_lag.shown(customer_list, call.settings.count_lag_s)
    number = float if call.settings.list_numbers == "floats" else int
    return {
        "ad_account_id": customer_list.ad_account_id,
        "created_time": number(customer_list.created_time),
        "exceptions": {},
        "id": customer_list.id,
        "is_nca": customer_list.is_nca,
        "name": customer_list.name,
        "num_batches": number(counts.batches),
        "num_removed_user_records": number(counts.removed),
        "num_uploaded_user_records": number(counts.uploaded),
        "status": call.matching.list_status(customer_list),
        "type": "customerlist",
        "updated_time": number(customer_list.updated_time),
    }


def _counted(call: Call, people: People, taken: People) -> int:
    return len(people if call.settings.above_max_records == "cut_and_count" else taken)
