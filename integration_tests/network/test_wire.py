from __future__ import annotations

import gzip
import re
import resource
import socket
import subprocess
import threading
import time
import zlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from destination_pinterest.api.wire import LARGEST_BODY, Lost, Message, Reply, open_http_wire
from destination_pinterest.error_codes import Code
from destination_pinterest.system import System
from integration_tests.network.conftest import MakeFarEnd
from integration_tests.network.far_ends import Authority, Behaviour, FarEnd, Line, http, refusing_tunnels, tunnelling_to

HOST = "api.pinterest.example.com"
LIMIT_S = 1.5
BOMB = b"[" + b" " * 200 * 2**20 + b"]"
PACKED = gzip.compress(BOMB)


def ask(base_url: str, *, times: int = 1) -> Reply | Lost:
    wire = open_http_wire(base_url, System())
    message = Message("GET", "/x", {"Accept": "application/json"}, limit_s=LIMIT_S)
    return [wire.exchange(message) for _ in range(times)][-1]


def lost(outcome: Reply | Lost) -> Lost:
    assert isinstance(outcome, Lost), outcome
    return outcome


def at(server: FarEnd) -> str:
    return f"http://127.0.0.1:{server.port}/v5"


def drop_by_drop(parts: Iterable[bytes], server: list[FarEnd]) -> Behaviour:
    def behave(line: Line, head: str) -> None:
        for part in parts:
            line.sendall(part)
            if server[0].waits(0.05):
                return

    return behave


def endlessly(first: bytes, then: bytes) -> Iterable[bytes]:
    yield first
    while True:
        yield then


HANGING = {
    "a body of known length": endlessly(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
    "a body of unknown length": endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "chunks": endlessly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "the length of a chunk": endlessly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": endlessly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    "the status": endlessly(b"HTTP/1.1 200 ", b"O"),
    "a header": endlessly(b"HTTP/1.1 200 OK\r\nA: ", b"b"),
    "interim answers": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "nothing": iter(()),
}


@pytest.mark.parametrize("what", HANGING)
def test_an_exchange_ends_when_its_time_is_over_however_slowly_it_goes_on(far_end: MakeFarEnd, what: str) -> None:
    servers: list[FarEnd] = []
    servers.append(far_end(drop_by_drop(HANGING[what], servers)))
    began = time.monotonic()
    outcome = lost(ask(at(servers[0])))
    assert LIMIT_S - 0.1 < time.monotonic() - began < LIMIT_S + 3
    assert outcome.error.code is Code.PINTEREST_UNREACHABLE
    assert "within 1.5 s" in str(outcome.error)


def test_an_exchange_on_a_connection_of_an_earlier_one_has_its_own_time(far_end: MakeFarEnd) -> None:
    answers = [http(200, b"{}"), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"]
    server = far_end(lambda line, head: line.sendall(answers.pop(0)))
    wire = open_http_wire(at(server), System())
    assert isinstance(wire.exchange(Message("GET", "/x", {}, limit_s=LIMIT_S)), Reply)
    began = time.monotonic()
    assert "within 1.5 s" in str(lost(wire.exchange(Message("GET", "/x", {}, limit_s=LIMIT_S))).error)
    assert time.monotonic() - began < LIMIT_S + 3


def test_a_request_that_nobody_reads_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        wire = open_http_wire(f"http://127.0.0.1:{deaf.getsockname()[1]}/v5", System())
        began = time.monotonic()
        outcome = lost(wire.exchange(Message("PATCH", "/x", {}, b"x" * 50 * 2**20, limit_s=LIMIT_S)))
    assert time.monotonic() - began < LIMIT_S + 3
    assert "within 1.5 s" in str(outcome.error)


def test_a_tls_handshake_that_never_ends_is_given_up(
    far_end: MakeFarEnd, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    proxy = far_end(tunnelling_to(silent.getsockname()[1]))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    began = time.monotonic()
    assert "within 1.5 s" in str(lost(ask(f"https://{HOST}/v5")).error)
    assert time.monotonic() - began < LIMIT_S + 3
    silent.close()


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", PACKED),
        ("deflate", zlib.compress(BOMB, 9)),
        ("deflate", raw_deflate(BOMB)),
        ("gzip, gzip", gzip.compress(PACKED)),
    ],
    ids=["gzip", "deflate", "raw deflate", "gzip twice"],
)
def test_an_answer_that_grows_without_measure_is_not_unpacked(
    far_end: MakeFarEnd, encoding: str, packed: bytes
) -> None:
    server = far_end(lambda line, head: line.sendall(http(200, packed, f"Content-Encoding: {encoding}")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = lost(ask(at(server)))
    assert outcome.error.code is Code.ANSWER_TOO_LARGE
    assert outcome.may_have_acted
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_an_answer_without_end_is_not_read_to_its_end(far_end: MakeFarEnd) -> None:
    part = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    def behave(line: Line, head: str) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.sendall(part)

    assert lost(ask(at(far_end(behave)))).error.code is Code.ANSWER_TOO_LARGE


def test_an_error_counts_by_its_status_if_its_body_is_too_large(far_end: MakeFarEnd) -> None:
    server = far_end(lambda line, head: line.sendall(http(503, PACKED, "Content-Encoding: gzip")))
    outcome = ask(at(server))
    assert isinstance(outcome, Reply)
    assert (outcome.status, outcome.body) == (503, b"")


def test_the_largest_body_is_read_and_its_connection_used_again(far_end: MakeFarEnd) -> None:
    lines: set[int] = set()

    def behave(line: Line, head: str) -> None:
        lines.add(id(line))
        line.sendall(http(200, b" " * LARGEST_BODY))

    outcome = ask(at(far_end(behave)), times=3)
    assert isinstance(outcome, Reply)
    assert len(outcome.body) == LARGEST_BODY
    assert len(lines) == 1


@pytest.mark.parametrize("headers", [["A: b"] * 200, ["A: " + "b" * 70_000]], ids=["many", "long"])
def test_headers_without_measure_are_no_answer(far_end: MakeFarEnd, headers: list[str]) -> None:
    server = far_end(lambda line, head: line.sendall(http(200, b"{}", *headers)))
    assert lost(ask(at(server))).error.code is Code.PINTEREST_UNREACHABLE


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (407, Code.PROXY_LOGIN),
        (403, Code.PROXY_REFUSES),
        (404, Code.PROXY_REFUSES),
        (302, Code.PROXY_REFUSES),
        (503, Code.PINTEREST_UNREACHABLE),
        (429, Code.PINTEREST_UNREACHABLE),
    ],
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_that_refuses_is_named_without_its_login(
    *, far_end: MakeFarEnd, monkeypatch: pytest.MonkeyPatch, status: int, code: Code, variable: str
) -> None:
    proxy = far_end(refusing_tunnels(status))
    monkeypatch.setenv(variable, f"http://somebody:s3cret@127.0.0.1:{proxy.port}/")
    outcome = lost(ask(f"https://{HOST}/v5"))
    assert outcome.error.code is code
    assert "s3cret" not in str(outcome.error)
    assert "Proxy-Authorization: Basic" in proxy.heads[0]
    assert f"the proxy http://127.0.0.1:{proxy.port} " in str(outcome.error).replace("The", "the")
    assert f"(HTTP {status}" in str(outcome.error)
    assert not outcome.may_have_acted
    if code is not Code.PINTEREST_UNREACHABLE:
        assert f"{HOST}:443" in str(outcome.error)


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://somebody:s3cret@127.0.0.1:1", "The proxy http://127.0.0.1:1,.*connection refused"),
        ("http://proxy.invalid:3128", "no host of the name proxy.invalid"),
        ("http://", "not the address of a proxy"),
        ("nonsense://s3cret@127.0.0.1:1", "not the address of a proxy"),
        ("http://somebody:s3cret@127.0.0.1:99999", "not the address of a proxy"),
        ("http://somebody:s3cret/x@127.0.0.1:1", "not the address of a proxy"),
    ],
)
def test_a_proxy_that_is_none_is_named_at_once(monkeypatch: pytest.MonkeyPatch, proxy: str, said: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    outcome = lost(ask(f"https://{HOST}/v5"))
    assert outcome.error.code is Code.PROXY_UNREACHABLE
    assert "s3cret" not in str(outcome.error)
    assert re.search(said, str(outcome.error))


def test_a_proxy_that_does_not_speak_tls_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            line, _ = plain.accept()
            with line:
                line.recv(10)
                line.sendall(http(400))

        threading.Thread(target=answer, daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{plain.getsockname()[1]}")
        outcome = lost(ask(f"https://{HOST}/v5"))
    assert outcome.error.code is Code.PROXY_UNREACHABLE
    assert "its address begins with http://" in str(outcome.error)


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("named", ["pinterest.invalid", ".pinterest.invalid:443"])
def test_a_host_that_is_named_in_no_proxy_is_not_asked_through_one(
    far_end: MakeFarEnd, monkeypatch: pytest.MonkeyPatch, variable: str, named: str
) -> None:
    proxy = far_end(refusing_tunnels(403))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv(variable, named)
    outcome = lost(ask("https://api.pinterest.invalid/v5"))
    assert outcome.error.code is Code.HOST_UNKNOWN
    assert proxy.heads == []


@pytest.fixture
def secure(far_end: MakeFarEnd, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> FarEnd:
    """A TLS server with a certificate of our own authority, behind a proxy that says it is HOST."""
    server = far_end(lambda line, head: line.sendall(http(200, b"{}")), tls=authority.server(HOST))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{far_end(tunnelling_to(server.port)).port}")
    return server


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_that_the_environment_names_is_trusted(
    secure: FarEnd, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(authority.bundle))
    outcome = ask(f"https://{HOST}/v5")
    assert isinstance(outcome, Reply), outcome
    assert len(secure.heads) == 1


def test_an_authority_in_a_folder_of_openssl_is_trusted(
    secure: FarEnd, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", authority.bundle], capture_output=True, text=True, check=True
    )
    (tmp_path / f"{named.stdout.strip()}.0").write_bytes(authority.bundle.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert isinstance(ask(f"https://{HOST}/v5"), Reply)


def test_a_certificate_of_another_authority_or_host_is_named_at_once(
    secure: FarEnd, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = lost(ask(f"https://{HOST}/v5"))
    assert unknown.error.code is Code.CERTIFICATE_UNVERIFIED
    assert "(unable to get local issuer certificate)" in str(unknown.error)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    other = lost(ask("https://other.example.com/v5"))
    assert other.error.code is Code.CERTIFICATE_UNVERIFIED
    assert "Hostname mismatch" in str(other.error)
    assert secure.heads == []


def test_certificates_that_are_not_there_are_named_before_anything_is_sent(
    secure: FarEnd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authority.pem")
    outcome = lost(ask(f"https://{HOST}/v5"))
    assert outcome.error.code is Code.CERTIFICATES_UNUSABLE
    assert "/nowhere/authority.pem" in str(outcome.error)
    assert "SSL_CERT_FILE" in str(outcome.error)
    assert secure.heads == []


def test_a_host_that_nobody_knows_is_named_at_once() -> None:
    outcome = lost(ask("https://api.pinterest.invalid/v5"))
    assert outcome.error.code is Code.HOST_UNKNOWN
    assert "api.pinterest.invalid" in str(outcome.error)
