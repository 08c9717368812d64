"""Far ends that misbehave as the sandbox can't: servers, TLS servers and proxies on sockets of this machine."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Line(Protocol):
    """A connection; a TLS connection is one too."""

    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, size: int, /) -> bytes: ...


# Answers one request, given its head ("GET /v5/… HTTP/1.1" and headers).
Behaviour = Callable[[Line, str], None]


class FarEnd:
    """A server that reads requests and does with each what a test wants. It listens until `stop`."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.heads: list[str] = []
        self._tls = tls
        self._is_over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def waits(self) -> Callable[[float], bool]:
        """Waits so many seconds; true if the test is over."""
        return self._is_over.wait

    def stop(self) -> None:
        self._is_over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError), line:
            if self._tls is None:
                self._answer(line)
                return
            with self._tls.wrap_socket(line, server_side=True) as encrypted:
                self._answer(encrypted)

    def _answer(self, line: Line) -> None:
        while head := _head(line):
            self.heads.append(head)
            self.behaviour(line, head)


def _head(line: Line) -> str:
    """Reads a request with its body; returns its head."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = line.recv(65536)
        if not part:
            return ""
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        (int(each.partition(b":")[2]) for each in head.split(b"\r\n") if each.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += line.recv(65536)
    return head.decode("latin-1")


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusing_tunnels(status: int) -> Behaviour:
    """A proxy that connects to nobody."""
    return lambda line, head: line.sendall(http(status))


def tunnelling_to(port: int) -> Behaviour:
    """A proxy that connects to a port of this machine, whoever is asked for."""

    def tunnel(line: Line, head: str) -> None:
        assert isinstance(line, socket.socket)
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as there:
            back = threading.Thread(target=_copy, args=(there, line), daemon=True)
            back.start()
            _copy(line, there)
            back.join()

    return tunnel


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Authority:
    """An authority of a test's own; `bundle` is the file to trust it by."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of a test")])
        certificate = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        self.bundle = folder / "authority.pem"
        signed = certificate.sign(self._key, hashes.SHA256())
        self.bundle.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str) -> ssl.SSLContext:
        """What a server of that name shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._builder(name, key).add_extension(names, False).sign(self._key, hashes.SHA256())
        file = self._folder / f"{host}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )
