"""A file on the web, from a server of the test's own."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.compression import ContentFile
from pinterest_audiences.sources.places.web import WebFile
from unit_tests.support.raises import raises

CSV = b"email\n" + b"ada@example.com\n" * 5_000


class Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        what = self.path.partition("?")[0].strip("/").partition(".")[0]
        if what.isdigit():
            self._answer(int(what), b"")
        elif what == "moved":
            self._answer(302, b"", Location="/people.csv?sig=SECRET")
        elif what == "away":
            self._answer(302, b"", Location="http://example.com/people.csv?sig=SECRET")
        elif what == "coded":
            self._answer(200, gzip.compress(CSV), **{"Content-Encoding": "gzip"})
        elif what == "brotli":
            self._answer(200, CSV, **{"Content-Encoding": "br"})
        elif what == "changing":
            self._answer(200, CSV, ETag=f'"{self.asked}"')
        elif what == "cut":
            self._answer(200, CSV[:-9], length=len(CSV))
        elif what == "chunked":
            self._answer_in_chunks([CSV[:1_000], CSV[1_000:]], is_whole=True)
        elif what == "cutchunks":
            self._answer_in_chunks([CSV[:1_000]], is_whole=False)
        elif what == "endless":
            self._answer(200, CSV, length=None)
        else:
            self._answer(200, CSV)

    def _answer(self, status: int, body: bytes, length: int | None = -1, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length == -1 else length))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _answer_in_chunks(self, chunks: list[bytes], *, is_whole: bool) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        if is_whole:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def read(file: WebFile) -> bytes:
    with file.open() as stream:
        return stream.read()


@pytest.mark.parametrize("name", ["people.csv", "moved.csv", "chunked.csv"])
def test_a_file_is_read_as_often_as_wanted_and_its_secret_not_shown(address: str, name: str) -> None:
    file = WebFile(f"{address}/{name}?X-Amz-Signature=SECRET")
    assert (read(file), read(file)) == (CSV, CSV)
    assert (file.label, file.name) == (f"{address}/{name}", name)


def test_a_password_in_the_address_is_not_shown() -> None:
    file = WebFile("https://user:SECRET@[::1]:9/a%20b.csv?sig=SECRET")
    assert (file.label, file.name) == ("https://[::1]:9/a%20b.csv", "a b.csv")
    with raises(Code.SOURCE_UNREACHABLE, match="can't be reached") as error:
        file.open()
    assert "SECRET" not in str(error.value)
    assert error.value.__cause__ is None


@pytest.mark.parametrize("name", ["cut.csv", "cutchunks.csv"])
def test_an_answer_that_was_cut_off_is_never_a_short_success(address: str, name: str) -> None:
    with pytest.raises((OSError, EOFError)):
        read(WebFile(f"{address}/{name}"))


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("404.csv", Code.SOURCE_NOT_OPENED, "HTTP status 404. Correct its address"),
        ("403.csv", Code.SOURCE_NOT_OPENED, "HTTP status 403. See that its address has not expired"),
        ("206.csv", Code.SOURCE_NOT_OPENED, "HTTP status 206"),
        ("429.csv", Code.SOURCE_UNREACHABLE, "HTTP status 429. Run the command again later"),
        ("503.csv", Code.SOURCE_UNREACHABLE, "HTTP status 503"),
        ("endless.csv", Code.SOURCE_NOT_OPENED, "its end can't be recognised"),
        ("brotli.csv", Code.SOURCE_NOT_OPENED, "its end can't be recognised"),
        ("away.csv", Code.SOURCE_ADDRESS_WRONG, "would be read over http"),
    ],
)
def test_an_answer_that_is_not_the_file_is_an_error_without_the_secret(
    address: str, name: str, code: Code, said: str
) -> None:
    with raises(code, match=said) as error:
        WebFile(f"{address}/{name}?sig=SECRET").open()
    assert "SECRET" not in str(error.value)


def test_other_machines_are_asked_over_https_only() -> None:
    with raises(Code.SOURCE_ADDRESS_WRONG, match="Use an https address"):
        WebFile("http://example.com/people.csv").open()


def test_a_file_stored_compressed_is_decompressed(address: str) -> None:
    with ContentFile(WebFile(f"{address}/coded.csv")).open() as stream:
        assert stream.read() == CSV


def test_a_file_that_changes_between_two_readings_is_noticed(address: str) -> None:
    file = WebFile(f"{address}/changing.csv")
    read(file)
    with raises(Code.SOURCE_STOPPED, match="changed while it was being read"):
        file.open()
