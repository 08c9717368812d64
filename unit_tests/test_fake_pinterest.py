"""The Pinterest in memory says what the sandbox says, as far as a sync listens."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from destination_pinterest.api.auth import StaticToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Transport
from destination_pinterest.api.wire import Wire
from destination_pinterest.errors import ConnectorError
from destination_pinterest.vocabulary import Identifier, Operation
from pinterest_sandbox.default_world import ACCESS_TOKEN, AD_ACCOUNT_ID
from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.storage import Memory
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.sandbox_wire import SandboxWire

PEOPLE = ",".join(f"{number:064x}" for number in range(1, 401))
ONE, OTHER = f"{1:064x}", f"{999:064x}"


@pytest.fixture
def sandbox_wire(clock: Clock) -> Iterator[SandboxWire]:
    async def no_latency(_seconds: float) -> None:
        pass

    settings = Settings(tier="none", matching_delay_s=0)
    sandbox = Sandbox(settings, Memory(), with_control=True, clock=clock.now, sleep=no_latency, chance=random.Random(0))
    with InProcess(sandbox) as client:
        yield SandboxWire(client)


def client_over(wire: Wire, clock: Clock) -> PinterestClient:
    observer = SilentObserver()
    quota = Quota(Limits(), longest_wait_s=0.0, system=clock.system, observer=observer)
    transport = Transport(wire, quota, RetryPolicy(retry_s=0.0), system=clock.system, observer=observer)
    return PinterestClient(AD_ACCOUNT_ID, StaticToken(ACCESS_TOKEN), transport)


def counts(found: CustomerList) -> tuple[object, ...]:
    return found.name, found.num_uploaded_user_records, found.num_removed_user_records, found.num_batches


def a_list(client: PinterestClient, name: str = "VIP") -> str:
    return client.create_customer_list(name, PEOPLE, Identifier.EMAIL).id


def an_audience(client: PinterestClient, list_id: str) -> Audience:
    return client.create_audience("VIP", list_id, "Kept by a test")


def created_list(client: PinterestClient) -> object:
    found = client.create_customer_list("VIP", PEOPLE, Identifier.EMAIL)
    return counts(found), found.type


def counts_after_adding_and_removing(client: PinterestClient) -> object:
    list_id = a_list(client)
    added = client.update_customer_list(list_id, Operation.ADD, f"{ONE},{OTHER}", 2)
    removed = client.update_customer_list(list_id, Operation.REMOVE, ONE, 1)
    return counts(added), counts(removed), counts(client.customer_list(list_id))


def lists_of_the_account(client: PinterestClient) -> object:
    a_list(client, "first")
    a_list(client, "second")
    return sorted(counts(found) for found in client.customer_lists())


def created_audience(client: PinterestClient) -> object:
    list_id = a_list(client)
    found = an_audience(client, list_id)
    return found.name, found.audience_type, found.customer_list_id == list_id


def changed_audience(client: PinterestClient) -> object:
    first, second = a_list(client), a_list(client, "second")
    audience_id = an_audience(client, first).id
    client.update_audience(audience_id, name="New", customer_list_id=second)
    found = client.audience(audience_id)
    return found.name, found.customer_list_id == second, [each.id == audience_id for each in client.audiences()]


def actalike_audience(client: PinterestClient) -> object:
    seed = an_audience(client, a_list(client)).id
    made = client.create_actalike("Alike", seed, country="US", percentage=5, description="x")
    (found,) = [one for one in client.audiences() if one.audience_type == "ACTALIKE"]
    rule = found.actalike
    assert rule is not None
    return made.id == found.id, found.name, rule.seed_ids == {seed}, rule.country, rule.percentage


def sharing_and_taking_back(client: PinterestClient) -> object:
    audience_id = an_audience(client, a_list(client)).id
    client.share(audience_id, "SHARE", "AD_ACCOUNT", ["549755885176"])
    client.share(audience_id, "SHARE", "BUSINESS_ACCOUNT", ["729090764583391195"])
    shared = [one.id for one in client.shared_with(audience_id, "AD_ACCOUNT")]
    client.share(audience_id, "REVOKE", "AD_ACCOUNT", ["549755885176"])
    businesses = [(one.id, one.account_type) for one in client.shared_with(audience_id, "BUSINESS_ACCOUNT")]
    return shared, [one.id for one in client.shared_with(audience_id, "AD_ACCOUNT")], businesses


def ordinary_audiences(client: PinterestClient) -> object:
    an_audience(client, a_list(client))
    return [one.name for one in client.audiences(exclude_nca=True)], [
        one.name for one in client.customer_lists(exclude_nca=True)
    ]


def list_that_is_not_there(client: PinterestClient) -> object:
    return client.customer_list("1")


def write_to_a_list_that_is_not_there(client: PinterestClient) -> object:
    return client.update_customer_list("1", Operation.ADD, ONE, 1)


def audience_that_is_not_there(client: PinterestClient) -> object:
    return client.audience("1")


def change_of_an_audience_that_is_not_there(client: PinterestClient) -> object:
    return client.update_audience("1", name="New")


def who(client: PinterestClient) -> object:
    return client.ad_account().id


STORIES = [
    created_list,
    counts_after_adding_and_removing,
    lists_of_the_account,
    created_audience,
    changed_audience,
    actalike_audience,
    sharing_and_taking_back,
    ordinary_audiences,
    list_that_is_not_there,
    write_to_a_list_that_is_not_there,
    audience_that_is_not_there,
    change_of_an_audience_that_is_not_there,
    who,
]


def outcome(story: Callable[[PinterestClient], object], wire: Wire, clock: Clock) -> object:
    try:
        return story(client_over(wire, clock))
    except ConnectorError as error:
        return type(error), error.answer and error.answer.status


@pytest.mark.parametrize("story", STORIES)
def test_the_pinterest_in_memory_answers_as_the_sandbox_does(
    story: Callable[[PinterestClient], object], pinterest: FakePinterest, sandbox_wire: SandboxWire, clock: Clock
) -> None:
    assert outcome(story, pinterest, clock) == outcome(story, sandbox_wire, clock)
