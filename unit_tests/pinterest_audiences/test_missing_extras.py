from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.__main__ import main
from pinterest_audiences.displays import display_for
from pinterest_audiences.failures import missing_extra
from pinterest_audiences.sources.opening import open_source
from unit_tests.support.raises import raises

INSTALL = r'pip install "airbyte-destination-pinterest\[cli\]"'


ROOT = Path(__file__).parents[2]
OURS = "pinterest_audiences"
OPTIONAL = (
    f"{OURS}.progress_bar",
    f"{OURS}.sources.duckdb_source",
    f"{OURS}.sources.formats",
    f"{OURS}.sources.places.bucket",
    f"{OURS}.sources.sqlalchemy",
)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Makes our modules that need an extra load anew, with the extra's package gone."""
    for name in list(sys.modules):
        if name.startswith(OPTIONAL):
            monkeypatch.delitem(sys.modules, name)
    return monkeypatch


@pytest.mark.parametrize(
    ("address", "package"),
    [
        ("x.duckdb", "duckdb"),
        ("x.parquet", "pyarrow"),
        ("x.xlsx", "python_calamine"),
        ("s3://exports/x.csv", "pyarrow"),
        ("sqlite:///x", "sqlalchemy"),
        ("postgresql://u@h/d", "psycopg"),
    ],
)
def test_a_source_whose_package_is_not_installed_says_what_to_install(
    address: str, package: str, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    without.chdir(tmp_path)
    (tmp_path / "x.parquet").touch()
    (tmp_path / "x.xlsx").touch()
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


BLOCKED = (
    "apprise", "argcomplete", "charset_normalizer", "ijson", "jinja2", "keyring", "opentelemetry", "psycopg", "pyarrow",
    "python_calamine", "rich", "sqlalchemy", "starlette", "uvicorn", "uvloop", "httptools", "yaml",
)  # fmt: skip


def without_extras(program: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a console script in a process that finds none of the packages that only an extra brings."""
    script = (
        f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r})); "
        f"from {program}.__main__ import main; sys.exit(main({list(arguments)!r}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PINTEREST_AUDIENCES_HOME": str(folder / "home")}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_sandbox_without_its_packages_says_what_to_install_in_one_line(tmp_path: Path) -> None:
    done = without_extras("pinterest_sandbox", folder=tmp_path)

    assert done.returncode == 2
    assert re.fullmatch(
        r"pinterest-sandbox: The Python package '\w+' is not installed. Run: "
        r'pip install "airbyte-destination-pinterest\[sandbox\]"\n',
        done.stderr,
    )


def test_help_needs_no_extra(tmp_path: Path) -> None:
    assert without_extras("pinterest_audiences", "--help", folder=tmp_path).returncode == 0


def test_a_command_without_its_packages_says_what_to_install_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "audiences.yml").write_text("source: a.csv\naudiences: {vip: {}}\n")

    done = without_extras("pinterest_audiences", "validate", folder=tmp_path)

    assert done.returncode == 2
    assert re.fullmatch(rf"pinterest-audiences: PIN-CLI-\d+: .* is not installed\. Run: {INSTALL}\n", done.stderr)


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("rich", "cli"),
        ("opentelemetry", "cli"),
        ("opentelemetry.sdk.trace", "telemetry"),
        ("opentelemetry.exporter.otlp", "telemetry"),
        ("keyring.errors", "keyring"),
        ("keyrings", "cli"),
    ],
)
def test_the_extra_that_brings_the_package_is_named(module: str, extra: str) -> None:
    error = missing_extra(ModuleNotFoundError(name=module))

    assert f'pip install "airbyte-destination-pinterest[{extra}]"' in str(error)


def test_a_package_that_is_missing_anywhere_in_a_command_ends_it_with_what_to_install(
    without: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: object) -> int:
        raise ModuleNotFoundError(name="keyring")

    without.setattr("pinterest_audiences.lists.run", run)

    assert main(["lists", "--json"]) == 2
    assert "airbyte-destination-pinterest[keyring]" in json.loads(capsys.readouterr().out)["error"]
