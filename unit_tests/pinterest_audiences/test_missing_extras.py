from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.displays import display_for
from pinterest_audiences.sources.opening import open_source
from unit_tests.support.raises import raises

INSTALL = r'pip install "airbyte-destination-pinterest\[cli\]"'


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Makes our modules that need an extra load anew, with the extra's package gone."""
    for name in list(sys.modules):
        if name.endswith((".duckdb_source", ".sqlalchemy_source", ".progress_bar")):
            monkeypatch.delitem(sys.modules, name)
    return monkeypatch


@pytest.mark.parametrize(
    ("address", "package"),
    [("x.duckdb", "duckdb"), ("x.parquet", "duckdb"), ("sqlite:///x", "sqlalchemy"), ("postgresql://u@h/d", "psycopg")],
)
def test_a_source_whose_package_is_not_installed_says_what_to_install(
    address: str, package: str, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without.chdir(tmp_path)
    (tmp_path / "x.parquet").touch()
    without.setitem(sys.modules, package, None)
    with raises(Code.PACKAGE_MISSING, match=f"'{package}' is not installed. Run: {INSTALL}"):
        open_source(address)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_without_its_package_says_what_to_install(without: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "rich"]:
        without.delitem(sys.modules, name)
    without.setitem(sys.modules, "rich", None)
    with raises(Code.PACKAGE_MISSING, match=INSTALL):
        display_for(Terminal(), quiet=False)
