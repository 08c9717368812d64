"""What is said where an engine or the package index is not what these tests need. Runs without an engine."""

from __future__ import annotations

import gc
import re
import socket
from pathlib import Path

import pytest

from integration_tests.image.building import CANARY_INDEX, index_arguments
from integration_tests.image.engine import MissingError, connect
from integration_tests.image.traces import traces_of_the_index

OF_PIP = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")


@pytest.fixture(autouse=True)
def _pip_of_no_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_PIP:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")  # No other file of settings is read then.


@pytest.mark.parametrize("address", ["unix://{folder}/nobody.sock", "tcp://127.0.0.1:{port}"])
def test_where_no_engine_answers_its_address_is_named(tmp_path: Path, address: str) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # Nobody listens, and nobody else can take the port.
        address = address.format(folder=tmp_path, port=deaf.getsockname()[1])

        with pytest.raises(MissingError, match=f"^no Docker engine answers at {re.escape(address)} "):
            connect(address)

    gc.collect()  # Whatever was left open would speak up now.


def test_the_build_gets_the_index_of_this_machine_but_none_of_its_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://reader:secret%40word@packages.example.com/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///srv/packages http://127.0.0.1:3141/simple")
    monkeypatch.setenv("PIP_TRUSTED_HOST", "packages.example.com")

    assert index_arguments() == {
        "PIP_INDEX_URL": "https://reader:secret%40word@packages.example.com/simple",
        "PIP_EXTRA_INDEX_URL": f"http://127.0.0.1:3141/simple {CANARY_INDEX}",
        "PIP_TRUSTED_HOST": "packages.example.com",
    }


def test_without_an_index_of_its_own_the_build_gets_the_canary_alone() -> None:
    assert index_arguments() == {"PIP_EXTRA_INDEX_URL": CANARY_INDEX}


def test_addresses_hosts_and_credentials_are_looked_for_and_the_public_index_is_not() -> None:
    told = {
        "PIP_INDEX_URL": "https://reader:word@packages.example.com:8443/simple",
        "PIP_EXTRA_INDEX_URL": f"https://pypi.org/simple {CANARY_INDEX}",
        "PIP_TRUSTED_HOST": "other.example.com",
    }

    assert set(traces_of_the_index(told)) == {
        "https://reader:word@packages.example.com:8443/simple",
        "packages.example.com:8443",
        "reader:word",
        "reader",
        "word",
        CANARY_INDEX,
        "canary-index-user",
        "canary-index-password",
        "other.example.com",
    }
