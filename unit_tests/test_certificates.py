from __future__ import annotations

import itertools
from pathlib import Path

import certifi
import pytest

from destination_pinterest.certificates import trusted_certificates, usable_certificates
from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises

FILES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"]


def test_without_a_word_in_the_environment_the_usual_authorities_are_trusted() -> None:
    assert trusted_certificates({}) is None
    assert trusted_certificates(dict.fromkeys(FILES, "")) is None


@pytest.mark.parametrize("variable", FILES)
def test_a_file_that_the_environment_names_is_trusted(variable: str) -> None:
    assert trusted_certificates({variable: certifi.where()}) == certifi.where()


def test_what_is_meant_for_programs_like_this_one_comes_first(tmp_path: Path) -> None:
    copy = tmp_path / "copy.pem"
    copy.write_bytes(Path(certifi.where()).read_bytes())
    for earlier, later in itertools.pairwise(FILES):
        assert trusted_certificates({later: certifi.where(), earlier: str(copy)}) == str(copy)


@pytest.mark.parametrize("variable", FILES)
def test_a_file_that_is_not_there_is_named_with_its_variable(variable: str) -> None:
    with raises(Code.CERTIFICATES_UNUSABLE, match=rf"/nowhere/ours\.pem, which {variable} names.*no such file"):
        trusted_certificates({variable: "/nowhere/ours.pem"})


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----"]
)
def test_a_file_without_a_certificate_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ours.pem"
    file.write_bytes(content)
    with raises(Code.CERTIFICATES_UNUSABLE, match=r"ours\.pem.*no certificate in PEM form"):
        usable_certificates(str(file), "AWS_CA_BUNDLE")


def test_a_path_that_can_be_none_is_named() -> None:
    with raises(Code.CERTIFICATES_UNUSABLE):
        usable_certificates("a\0b", "AWS_CA_BUNDLE")


def test_a_folder_is_trusted_if_openssl_could_find_anything_in_it(tmp_path: Path) -> None:
    assert trusted_certificates({"SSL_CERT_DIR": str(tmp_path)}) is None
    assert trusted_certificates({"SSL_CERT_DIR": "/nowhere"}) is None
    (tmp_path / "4bf5122f.0").write_bytes(Path(certifi.where()).read_bytes())
    assert trusted_certificates({"SSL_CERT_DIR": str(tmp_path)}) == str(tmp_path)
    assert trusted_certificates({"REQUESTS_CA_BUNDLE": str(tmp_path)}) == str(tmp_path)
