"""Every reader of what others write, each with documents that it reads and what is done with what it has read."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from destination_pinterest.api.answers import refusal
from destination_pinterest.api.auth import StaticToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.endpoints import UPDATE_CUSTOMER_LIST
from destination_pinterest.api.headers import read_rate_headers
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.token_endpoint import TokenEndpoint
from destination_pinterest.api.transport import Transport
from destination_pinterest.api.wire import Lost, Message, Reply
from destination_pinterest.audience_listing import AudienceListing
from destination_pinterest.audiences.description_mark import decode, encode, read_mark, with_mark
from destination_pinterest.audiences.shadow_list import ShadowList, is_shadow_list_of
from destination_pinterest.config import migrate, read_config, unknown_keys
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, InvalidConfigError
from destination_pinterest.identity.mapping import IdentityMapper
from destination_pinterest.json_document import decode_object
from destination_pinterest.membership.manifest import Manifest, read_manifest, write_manifest
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.input import Input, MessageDecoder
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.protocol.whole_rows import whole_rows
from destination_pinterest.routing.audience_plan import plan_audiences
from destination_pinterest.routing.destination_catalog import destination_catalog
from destination_pinterest.routing.destination_object import chosen_audience
from destination_pinterest.routing.plan import plan_streams
from destination_pinterest.vocabulary import Identifier, LetterCase, Operation
from destination_pinterest.wording.plan_text import plan_lines
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.cursor_state import cursor_state
from pinterest_audiences.environment import expanded_address, without_values
from pinterest_audiences.failures import UsageError
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sources.opening import MOTHERDUCK, open_source
from pinterest_audiences.sources.sqlalchemy_engine import label_of, read_url
from pinterest_audiences.state_file import StateFile, SyncIdentity
from unit_tests.fuzz.strategies import CANARY, documents, texts
from unit_tests.membership import released
from unit_tests.membership.shop import AD_ACCOUNT, CHEAP, STORE_KEY, Shop
from unit_tests.support.clock import Clock
from unit_tests.support.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of what others write.

    Args:
        read: reads a document and uses what it says; anything but a ConnectorError is a fault.
        strategy: documents that are almost right.
        samples: documents that are right, to begin from.
        examples: how many documents are tried in an ordinary run.
        is_of_text: whether it is given text, so that bytes that are none never get to it.
    """

    read: Callable[[bytes], None]
    strategy: st.SearchStrategy[bytes]
    samples: tuple[bytes, ...] = field(repr=False)
    examples: int = 60
    is_of_text: bool = False


def _as_json(*samples: Any) -> tuple[bytes, ...]:
    return tuple(json.dumps(sample).encode() for sample in samples)


def _of_json(read: Callable[[bytes], None], *samples: Any, examples: int = 60) -> Reader:
    content = _as_json(*samples)
    return Reader(read, documents(content), content, examples)


def _of_text(read: Callable[[str], None], *samples: str, examples: int = 60) -> Reader:
    def read_text(content: bytes) -> None:
        read(content.decode("utf-8", "surrogatepass"))

    return Reader(read_text, texts(samples), tuple(sample.encode() for sample in samples), examples, is_of_text=True)


# --- the platform -----------------------------------------------------------------------------------------------------

RECORD: Final = {
    "type": "RECORD",
    "record": {
        "stream": "users",
        "namespace": "shop",
        "emitted_at": 1,
        "data": {"id": 7, "email": CANARY, "gaid": None, "deep": {"a": [1, {"b": "c"}]}},
    },
}
STATE: Final = {
    "type": "STREAM",
    "stream": {
        "stream_descriptor": {"name": "users", "namespace": "shop"},
        "stream_state": {"cursor": CANARY, "lsn": 12345678901234567890123, "f": 1.10},
    },
    "sourceStats": {"recordCount": 3.0},
    "id": 4,
}
GLOBAL_STATE: Final = {
    "type": "GLOBAL",
    "global": {"shared_state": {"lsn": CANARY}, "stream_states": [{"stream_descriptor": {"name": "users"}}]},
}
STATUS: Final = {
    "type": "TRACE",
    "trace": {
        "type": "STREAM_STATUS",
        "emitted_at": 1.0,
        "stream_status": {"stream_descriptor": {"name": "users", "namespace": "shop"}, "status": "COMPLETE"},
    },
}
_SCHEMA: Final = {
    "type": "object",
    "properties": {
        "id": {"oneOf": [{"type": "integer"}, {"type": "null"}]},
        "email": {"type": ["null", "string"]},
        "updated_at": {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
    },
}
CATALOG: Final = {
    "streams": [
        {
            "stream": {
                "name": "users",
                "namespace": "shop",
                "json_schema": _SCHEMA,
                "supported_sync_modes": ["full_refresh"],
                "is_resumable": True,
            },
            "sync_mode": "incremental",
            "destination_sync_mode": "append_dedup",
            "primary_key": [["id"]],
            "cursor_field": ["updated_at"],
            "generation_id": 3,
            "minimum_generation_id": 2,
            "sync_id": 77,
            "destination_object_name": None,
        }
    ]
}
_STREAMS: Final = parse_catalog(json.dumps(CATALOG).encode())


def _read_lines(content: bytes) -> None:
    ledger = CheckpointLedger()
    decoder = MessageDecoder(["email", "gaid"], ["id", "email", "updated_at"], told_apart=["gaid"])
    completeness = Completeness(_STREAMS, trust_end_markers=True)
    source = Input(MessageLines([content]), decoder, [stream.key for stream in _STREAMS], ledger, completeness)
    identities = plan_streams(_STREAMS, read_config(CONFIG))[0].identities
    mapper = IdentityMapper(identities, maid_case=LetterCase.LOWER)
    values = decoder.reader([identity.column for identity in identities])
    list(whole_rows(content.split(b"\n"), ["email", "gaid"]))
    while (runs := source.read(0.0)) is not None:
        for run in runs:
            for row in run.rows:
                mapper.map(values(row))
    _check_states(source.release(source.position))


def _read_state(content: bytes) -> None:
    ledger = CheckpointLedger()
    described = ledger.queue_state(msgspec.Raw(content), 0)
    if described is not None:
        Completeness(_STREAMS, trust_end_markers=True).on_state(described)
    _check_states(ledger.release(0))


def _check_states(states: Iterator[bytes] | list[bytes]) -> None:
    """A returned state is text in one line, with its counts."""
    output = Outbox()
    writer = MessageWriter(output, now=lambda: 0.0, scrub=str)
    for state in states:
        writer.state(state)
    for line in output.getvalue().splitlines():
        line.decode()
        assert b"destinationStats" in bytes(msgspec.json.decode(line, type=dict[str, msgspec.Raw])["state"])


def _read_catalog(content: bytes) -> None:
    streams = parse_catalog(content)
    config = read_config(CONFIG)
    plans = plan_streams(streams, config)
    audiences = plan_audiences(plans, config)
    writer = MessageWriter(Outbox(), now=lambda: 0.0, scrub=str)
    for level, text in plan_lines(plans, audiences, config):
        writer.log(level, text)
    for stream in streams:
        writer.stream_status(stream.key, "RUNNING")


CONFIG: Final[dict[str, Any]] = {
    "credentials": {
        "auth_method": "oauth2.0",
        "client_id": f"id {CANARY}",
        "client_secret": f"secret {CANARY}",
        "refresh_token": f"pinr_{CANARY}",
        "access_token_expires_at": 1_800_000_000,
    },
    "ad_account_id": "549755885175",
    "identity_columns": [{"column": "email", "identifier": "EMAIL", "format": "plain"}],
    "operation_column": {"mode": "column", "column": "op", "remove_values": ["d"], "add_values": ["i"]},
    "allow_missing_columns": True,
    "membership_store": {"store_type": "local", "path": "/data", "store_key": f"key {CANARY}"},
    "object_storage_config": {
        "storage_type": "S3",
        "s3_bucket_name": "b",
        "s3_bucket_region": "r",
        "bucket_path": "p",
        "access_key_id": "a",
        "secret_access_key": f"key {CANARY}",
        "s3_endpoint": "https://minio.example.com",
        "format": {"format_type": "JSONL"},
    },
    "batch_size": 1900,
    "flush_seconds": 5,
    "api_base_url": "https://api.example.com/v5",
}
_OLD_CONFIG: Final = {"advertiser_id": 549755885175, "access_token": f"pina_{CANARY}"}


def _read_config(content: bytes) -> None:
    try:
        raw = decode_object(content)
    except ValueError as error:
        raise InvalidConfigError(Code.CONFIG_FILE_UNUSABLE, f"It {error}.") from None
    config = read_config(raw)
    writer = MessageWriter(Outbox(), now=lambda: 0.0, scrub=str)
    writer.log("WARN", ", ".join(unknown_keys(config)))
    writer.control(migrate(raw))


# --- Pinterest --------------------------------------------------------------------------------------------------------

LIST: Final = {
    "id": "643", "name": "VIP", "status": "READY", "type": "customerlist", "num_batches": 2, "created_time": 1.5,
    "num_uploaded_user_records": 100, "num_removed_user_records": 1, "exceptions": {"why": [CANARY]},
}  # fmt: skip
AUDIENCE: Final = {
    "id": "22", "name": "VIP", "audience_type": "CUSTOMER_LIST", "status": "READY", "size": 120,
    "description": "VIPs [dp1:w12000,E1000;m11800,11000,12000,0643,260101]", "rule": {"customer_list_id": "643"},
    "created_timestamp": 1_700_000_000,
}  # fmt: skip
ACCOUNT: Final = {"id": "549755885175", "name": "Shop", "permissions": ["ADMIN"], "owner": {"username": "o", "id": "1"}}
USER: Final = {"username": "owner", "id": "1", "account_type": "BUSINESS"}
REFUSAL: Final = {"code": 29, "message": f"Invalid '{CANARY}' for you", "details": {"a": [1]}}
TOKENS: Final = {
    "access_token": f"pina_{CANARY}", "refresh_token": f"pinr_{CANARY}", "expires_in": 2_592_000,
    "refresh_token_expires_in": 5_184_000, "scope": "ads:read,ads:write", "token_type": "bearer",
}  # fmt: skip


class _FarEnd:
    """Answers every request with one body; the third page of a listing is always the last."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self._reply = Reply(status, CaseInsensitiveDict({}), body, 0.0)
        self._answers = 0

    def exchange(self, message: Message) -> Reply | Lost:
        self._answers += 1
        return self._reply if self._answers < 4 else Reply(200, CaseInsensitiveDict({}), b'{"items":[]}', 0.0)


def _transport(body: bytes, status: int = 200) -> Transport:
    system = Clock().system
    quota = Quota(Limits(), longest_wait_s=1.0, system=system, observer=SilentObserver())
    return Transport(_FarEnd(body, status), quota, RetryPolicy(retry_s=0.0), system=system, observer=SilentObserver())


def _client(body: bytes, status: int = 200) -> PinterestClient:
    return PinterestClient("549755885175", StaticToken("pina_token"), _transport(body, status))


CALLS: Final[Mapping[str, Callable[[PinterestClient], Any]]] = {
    "user_account": lambda client: client.user_account(),
    "ad_account": lambda client: client.ad_account(),
    "audience": lambda client: client.audience("22"),
    "listing": lambda client: AudienceListing(client).run().as_line(),
    "catalog": lambda client: destination_catalog(client.audiences(), "549755885175"),
    "lists": lambda client: [each.described_exceptions for each in client.customer_lists()],
    "update": lambda client: client.update_customer_list("643", Operation.ADD, "a", 1),
    "create": lambda client: client.create_customer_list("VIP", "a", Identifier.EMAIL),
}


def _read_answer(content: bytes) -> None:
    for call in CALLS.values():
        with suppress_and_check():
            call(_client(content))


def _read_refusal(content: bytes) -> None:
    for status in (302, 400, 401, 403, 404, 409, 429, 500):
        said = str(refusal(UPDATE_CUSTOMER_LIST, status, CaseInsensitiveDict({}), content, 0.0, records=CANARY))
        assert CANARY not in said.lower()


def _read_tokens(content: bytes) -> None:
    for status in (200, 400, 401, 503):
        with suppress_and_check():
            TokenEndpoint(_transport(content, status))("id", "secret", "pinr_old")


def _read_headers(text: str) -> None:
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after")
    for name in names:
        found = read_rate_headers(CaseInsensitiveDict({name: text}), 1_800_000_000.0)
        for seconds in (found.reset_s, found.retry_after_s):
            assert seconds is None or 0 <= seconds < 1e30


def _read_mark(text: str) -> None:
    found = read_mark(text)
    assert decode(encode(found)) == decode(encode(decode(encode(found))))
    marked = with_mark(text, found)
    assert with_mark(marked, read_mark(marked)) == marked


def _read_label(text: str) -> None:
    is_shadow_list_of(text, "VIP")
    is_shadow_list_of(f"VIP [{text}]", "VIP")
    is_shadow_list_of("VIP [generation 1, job 2]", text)
    ShadowList("generation 1, job 2", "job", 2).continues_from(text)


def _read_object(text: str) -> None:
    chosen_audience(text, ["549755885175"])


# --- the membership store ---------------------------------------------------------------------------------------------

MANIFEST: Final = {
    "format": 2, "ad_account_id": "549755885175", "audience": "VIP", "salt": "00" * 16, "stretching": 1,
    "key_check": "x", "sequence": 3, "customer_list_id": "643", "streams": ["shop.users"], "members": 5,
    "base": {"name": "base-1.parquet", "sha256": "00", "rows": 5}, "changes": None, "maybes": None,
    "generations": {"shop.users": "generation 1"}, "columns": ["00"], "marks": {"shop.users": "w1"},
    "lease": {"owner": "me", "beat": 4},
}  # fmt: skip
_KEY: Final = StoreKey(STORE_KEY, CHEAP)


def _read_manifest(content: bytes) -> None:
    """Reads it as it is, and within a seal that is right, as a later version or another program could write it."""
    for body in (content, b'{"manifest":' + content + b',"mac":"00"}', _sealed(content)):
        with suppress_and_check():
            manifest = read_manifest(body, _KEY.keys, "folder/manifest.json")
            assert isinstance(manifest, Manifest)


def _sealed(content: bytes) -> bytes:
    keys = _KEY.keys(b"\x00" * 16, 1)
    sealed = json.loads(write_manifest(Manifest(ad_account_id="1", audience="VIP", salt="00" * 16, stretching=1,
                                                key_check=keys.check), keys))  # fmt: skip
    return b'{"manifest":' + content + b',"mac":"' + sealed["mac"].encode() + b'"}'


def _read_store(content: bytes) -> None:
    """Puts the bytes over the end of each file of a store, in turn."""
    with _folder() as folder:
        names = [name for name in released.files() if name.startswith(_STORE)]
        for name in names:
            shutil.rmtree(folder / "store", ignore_errors=True)
            for kept in names:
                path = folder / "store" / kept
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(released.files()[kept])
            broken = folder / "store" / name
            broken.write_bytes(broken.read_bytes()[: -len(content) or None] + content)
            shop = Shop(folder / "store")
            try:
                with suppress_and_check():
                    shop.open(audience=released.MIRRORED).close()
            finally:
                for ledger in shop.opened:
                    ledger.close()


_STORE: Final = next(
    name.partition("/")[0] for name, body in released.files().items() if f'"{released.MIRRORED}"'.encode() in body
)


# --- the command line -------------------------------------------------------------------------------------------------

IDENTITY: Final = SyncIdentity("duckdb:///x", "people", AD_ACCOUNT, "VIPs", "id")
MYSQL: Final = SyncIdentity("mysql+pymysql://me@host/shop", "people", AD_ACCOUNT, "VIPs", "id")


def _kept(value: Any, identity: SyncIdentity, version: int = 2) -> dict[str, Any]:
    sync = {name: getattr(identity, name) for name in identity.__slots__}
    return {"version": version, "sync": sync, "state": cursor_state("id", value)}


def _read_state_file(content: bytes) -> None:
    with _folder() as folder:
        (folder / "state.json").write_bytes(content)
        for identity in (IDENTITY, MYSQL):
            with suppress_and_check():
                since = StateFile(folder / "state.json", identity).since()
                json.dumps(None if since is None else cursor_state("id", since))


def _read_config_file(content: bytes) -> None:
    with _folder() as folder:
        path = folder / "config.json"
        path.write_bytes(content)
        config = ConfigFile(str(path), {"HOME": "/x", "PINTEREST_CLIENT_ID": "1"})
        _ = config.warnings
        with suppress(ConnectorError):
            read_config(config.overlaid(audience_name="VIP"))
            config.keep_credentials({"credentials": {"auth_method": "oauth2.0", "refresh_token": "new"}})


MESSAGES: Final = (
    {"type": "LOG", "log": {"level": "WARN", "message": "x"}},
    {"type": "LOG", "log": {"level": "INFO", "message": 'pinterest_sync_progress: {"entered":1,"requests":2}'}},
    {"type": "STATE", "state": STATE},
    {"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": "PIN-AUD-001: x", "failure_type": "x"}}},
    {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": {
        "status": "RUNNING", "reasons": [{"type": "RATE_LIMITED", "rate_limited": {"quota_reset": 1}}]}}},
    {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": {"credentials": {}}}}},
)  # fmt: skip


def _read_message(content: bytes) -> None:
    """A message of a connector, which may be anybody's; the states that it returns are kept."""
    output = _Nowhere()
    kept: list[Any] = []
    answers = ConnectorAnswers(QuietDisplay(output), kept.append, kept.append, kept.append)
    answers.take(content)
    for each in kept:
        json.dumps(each)
    if answers.failure is not None:
        Printer(output).failure(answers.failure)


class _Nowhere:
    """Where nothing is shown."""

    def write(self, text: str) -> int:
        return len(text.encode())

    def flush(self) -> None:
        """Does nothing."""

    def isatty(self) -> bool:
        return False


def _read_address(text: str) -> None:
    """An address is opened where that asks neither the network nor the whole disk; any other is only parsed."""
    environment = {"PASSWORD": CANARY}
    with _folder() as folder, chdir(folder):
        try:
            address = expanded_address(text, environment)
            if _is_near(address):
                open_source(address)
            else:
                label_of(read_url(address))
        except UsageError as error:
            if error.code is not Code.ENVIRONMENT_VARIABLE_UNSET:
                _check_silence(UsageError(error.code, without_values(error.message, text, environment)))


def _is_near(address: str) -> bool:
    scheme, _, path = address.rpartition("://")
    if scheme.lower() in {"sqlite", "duckdb"}:
        return True
    if scheme.lower() not in {"", "file"} or address.startswith(MOTHERDUCK):
        return False
    return not path.lstrip().startswith(("/", "~", "%", "localhost", "-")) or path.endswith(".csv")


def _read_api_address(text: str) -> None:
    read_config({**CONFIG, "api_base_url": text})
    with suppress_and_check():
        read_config({**CONFIG, "object_storage_config": {**CONFIG["object_storage_config"], "s3_endpoint": text}})


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@contextmanager
def suppress_and_check() -> Iterator[None]:
    """Permits the connector's own errors, if they keep to themselves what they are about."""
    try:
        yield
    except ConnectorError as error:
        _check_silence(error)


def _check_silence(error: ConnectorError) -> None:
    for text in _said_by(error):
        assert CANARY not in text, type(error).__name__


def _said_by(error: BaseException) -> Iterator[str]:
    """What a log or a trace could show of an error and of those behind it."""
    yield from (str(error), repr(error), repr(error.args))
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None:
        yield from _said_by(behind)


_VALUES: Final = ("mail me", 41, 1.5, None)

READERS: Final[Mapping[str, Reader]] = {
    "lines": _of_json(_read_lines, RECORD, {"type": "STATE", "state": STATE}, STATUS, examples=150),
    "states": _of_json(_read_state, STATE, GLOBAL_STATE, examples=100),
    "catalog": _of_json(_read_catalog, CATALOG, examples=100),
    "config": _of_json(_read_config, CONFIG, _OLD_CONFIG, examples=150),
    "answers": _of_json(
        _read_answer, LIST, AUDIENCE, ACCOUNT, USER, {"items": [LIST]}, {"items": [AUDIENCE], "bookmark": "b"},
        examples=100,
    ),
    "refusals": _of_json(_read_refusal, REFUSAL),
    "token answers": _of_json(_read_tokens, TOKENS),
    "rate headers": _of_text(
        _read_headers, "100, 100;w=1, 400;w=60", "67150", "Wed, 21 Oct 2026 07:28:00 GMT", "1800000000000", "-1"
    ),
    "description marks": _of_text(
        _read_mark, "VIPs [dp1:w12000,E1000,G400;i150,E900;m11800,11000,12000,0415,260101]", "[dp2:x]", "[dp1:;;x]"
    ),
    "list labels": _of_text(
        _read_label, "VIP [generation 3, job 41]", "VIP [audience 7, started 2026-11-22 10:00:00 UTC, 0a1b]",
        "generations 1, 2, job ?",
    ),
    "destination objects": _of_text(_read_object, "VIP (549755885175/7)", "pinterest_audience", "(1/2)"),
    "manifests": _of_json(_read_manifest, MANIFEST, {"manifest": MANIFEST, "mac": "00"}),
    "store files": Reader(_read_store, st.binary(min_size=1, max_size=3_000), (b"PAR1",), 6),
    "state files": _of_json(
        _read_state_file, *(_kept(value, identity) for value in _VALUES[:3] for identity in (IDENTITY, MYSQL)),
        {**_kept("x", MYSQL, 1), "state": {"cursor": "0001-01-01T00:00:00", "cursor_type": "timestamp"}},
        {**_kept("x", IDENTITY), "state": {"cursor": "1.50", "cursor_type": "decimal"}}, examples=100,
    ),
    "config files": _of_json(_read_config_file, CONFIG, _OLD_CONFIG, {"ad_account_id": "${HOME}", "credentials": {}}),
    "a connector's messages": _of_json(_read_message, *MESSAGES, examples=100),
    "addresses": _of_text(
        _read_address, "duckdb:///customers.duckdb", "sqlite:///a.sqlite", "postgresql://u:${PASSWORD}@host:5432/db",
        "file:///srv/x.csv", "md:shop", "s3://bucket/key.csv", "exports/*.csv", "https://example.com/a.csv?x=1",
    ),
    "API addresses": _of_text(
        _read_api_address, "https://api.pinterest.com/v5", "http://localhost:8700/v5", "http://[::1]:8700"
    ),
}  # fmt: skip
