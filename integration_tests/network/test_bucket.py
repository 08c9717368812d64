from __future__ import annotations

import pytest

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.error_codes import Code
from destination_pinterest.object_storage.s3 import S3Bucket
from integration_tests.network.conftest import MakeFarEnd
from integration_tests.network.far_ends import Authority, FarEnd, http, refusing_tunnels, tunnelling_to
from unit_tests.support.raises import raises

HOST = "s3.example.com"


def bucket(endpoint: str | None = f"https://{HOST}") -> S3Bucket:
    access = S3Access(
        access_key_id="AKIDEXAMPLE",
        secret_access_key="secret",
        s3_bucket_name="customers",
        s3_bucket_region="eu-central-1",
        s3_endpoint=endpoint or "",
        bucket_path="pinterest",
    )
    return S3Bucket(access, attempts=1)


@pytest.mark.parametrize(("status", "code"), [(407, Code.PROXY_LOGIN), (403, Code.PROXY_REFUSES)])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_that_refuses_is_named_without_its_login(
    *, far_end: MakeFarEnd, monkeypatch: pytest.MonkeyPatch, status: int, code: Code, variable: str
) -> None:
    proxy = far_end(refusing_tunnels(status))
    monkeypatch.setenv(variable, f"http://somebody:s3cret@127.0.0.1:{proxy.port}")
    with raises(code, match=rf"http://127\.0\.0\.1:{proxy.port} .*{HOST}:443 \(HTTP {status}\)") as caught:
        bucket().get("x")
    assert "s3cret" not in str(caught.value)


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with raises(Code.PROXY_UNREACHABLE, match='The proxy http://127.0.0.1:1, .*the bucket "customers"'):
        bucket().get("x")


@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_a_host_in_no_proxy_is_not_asked_through_one(
    far_end: MakeFarEnd, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    proxy = far_end(refusing_tunnels(403))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv(variable, "s3.invalid")
    with raises(Code.HOST_UNKNOWN, match='The bucket "customers" can.t be reached: there is no host .* s3.invalid'):
        bucket("https://s3.invalid").get("x")
    assert proxy.heads == []


@pytest.fixture
def secure(far_end: MakeFarEnd, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> FarEnd:
    """A TLS server of our own authority that finds no object, behind a proxy that says it is HOST."""
    server = far_end(lambda line, head: line.sendall(http(404)), tls=authority.server(HOST))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{far_end(tunnelling_to(server.port)).port}")
    return server


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_an_authority_that_the_environment_names_is_trusted(
    secure: FarEnd, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(authority.bundle))
    assert bucket().get("x") is None
    assert len(secure.heads) == 1


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "/nowhere/authority.pem")
    with raises(Code.CERTIFICATES_UNUSABLE, match=f"/nowhere/authority.pem, which {variable} names"):
        bucket()
    bucket("http://127.0.0.1:9000")  # Nothing is encrypted there.


@pytest.mark.usefixtures("secure")
def test_a_certificate_of_another_authority_is_named() -> None:
    with raises(Code.CERTIFICATE_UNVERIFIED, match='The certificate of the bucket "customers" can.t be verified'):
        bucket().get("x")


def test_a_proxy_that_asks_for_a_login_in_an_answer_is_named(far_end: MakeFarEnd) -> None:
    server = far_end(lambda line, head: line.sendall(http(407)))
    with raises(Code.PROXY_LOGIN, match="asks for a login"):
        bucket(f"http://127.0.0.1:{server.port}").get("x")
