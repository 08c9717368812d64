"""What is declared to the world about this distribution agrees with itself and with the code.

The files are read as they lie in the checkout: an installed distribution may be older than they are.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
# Names that are imported under another name than they are installed under.
IMPORTED_AS = {
    "airbyte-cdk": "airbyte_cdk",
    "charset-normalizer": "charset_normalizer",
    "email-validator": "email_validator",
    "opentelemetry-api": "opentelemetry",
    "pydantic-core": "pydantic_core",
    "python-calamine": "python_calamine",
    "pyyaml": "yaml",
}
# Loaded by name by another package, never imported here.
LOADED_BY_NAME = {"httptools", "python-multipart"}
# What Jinja2 makes its texts of, and so comes with it.
OF_JINJA2 = {"markupsafe"}
# What PySpark speaks with Java by, and so comes with it.
OF_PYSPARK = {"py4j"}
# The page of the sandbox has none.
ONLY_FOR_CHARTS = {"pygal"}


def metadata() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]


def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def setup_call() -> dict[str, ast.expr]:
    """The keyword arguments of setup() in setup.py."""
    for node in ast.walk(ast.parse((ROOT / "setup.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setup":
            return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    raise AssertionError("setup.py calls no setup()")


def requirements_named(list_name: str) -> list[Requirement]:
    """The entries of one of the lists at the top of setup.py."""
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == [list_name]:
            return [Requirement(text) for text in ast.literal_eval(node.value)]
    raise AssertionError(f"setup.py has no list {list_name}")


def pins(lock: Path) -> dict[str, set[Version]]:
    """The locked packages; several versions of one where Pythons differ."""
    found: dict[str, set[Version]] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock.read_text(), flags=re.MULTILINE):
        found.setdefault(name, set()).add(Version(version))
    return found


def third_party_imports(folder: Path) -> set[str]:
    own = {"destination_pinterest", "pinterest_audiences", "pinterest_page", "pinterest_sandbox"}
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - own - sys.stdlib_module_names


def import_names(requirements: list[Requirement]) -> set[str]:
    return {IMPORTED_AS.get(r.name, r.name) for r in requirements if r.name not in LOADED_BY_NAME}


def test_the_version_is_the_same_wherever_it_is_written() -> None:
    version = ast.literal_eval(setup_call()["version"])
    changelog = re.search(r"^## \[(\d[^\]]*)\]", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    page = re.search(r"^\| (\d\S*) +\| \d{4}-", (ROOT / "docs" / "pinterest.md").read_text(), flags=re.MULTILINE)
    label = re.search(r"io\.airbyte\.version=(\S+)", dockerfile())

    assert changelog is not None
    assert page is not None
    assert label is not None
    assert {
        "metadata.yaml": metadata()["dockerImageTag"],
        "CHANGELOG.md": changelog[1],
        "docs/pinterest.md": page[1],
        "Dockerfile": label[1],
    } == dict.fromkeys(("metadata.yaml", "CHANGELOG.md", "docs/pinterest.md", "Dockerfile"), version)


def test_metadata_is_valid_by_airbytes_own_model() -> None:
    model = pytest.importorskip(
        "airbyte_connector_models.metadata.v0.connector_metadata_definition_v0",
        reason="Airbyte publishes its model for Python 3.10 to 3.12 only",
    )

    model.ConnectorMetadataDefinitionV0.model_validate(yaml.safe_load((ROOT / "metadata.yaml").read_text()))


def test_metadata_agrees_with_setup_py_and_with_the_licence() -> None:
    said = setup_call()

    assert metadata()["remoteRegistries"]["pypi"]["packageName"] == ast.literal_eval(said["name"])
    assert metadata()["license"] == ast.literal_eval(said["license"])
    assert (ROOT / "LICENSE").read_text().startswith(f"{metadata()['license']} License")
    assert (ROOT / metadata()["icon"]).is_file()


def test_metadata_names_an_image_after_the_connector_and_carries_the_tags_that_airbyte_wants() -> None:
    data = metadata()

    assert data["dockerRepository"] == f"airbyte/{data['githubIssueLabel']}" == "airbyte/destination-pinterest"
    assert {"language:python", "cdk:python"} <= set(data["tags"])
    assert data["supportsRefreshes"] is True


def test_no_host_is_allowed_but_pinterests_own_and_those_of_settings_and_their_buckets() -> None:
    for host in metadata()["allowedHosts"]["hosts"]:
        assert host == "api.pinterest.com" or host.startswith("${") or host.endswith(".amazonaws.com")


def test_the_dockerfile_builds_on_the_base_image_of_metadata_by_digest() -> None:
    base = metadata()["connectorBuildOptions"]["baseImage"]

    assert re.fullmatch(r"\S+:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", base)
    assert re.findall(r"^ARG BASE_IMAGE=(\S+)$", dockerfile(), flags=re.MULTILINE) == [base]
    stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", dockerfile(), flags=re.MULTILINE)
    named = {name for _, name in stages if name}
    assert {base for base, _ in stages} == {"${BASE_IMAGE}", "packages"}
    assert {"packages", "cli"} <= named


def test_the_image_of_the_command_line_is_a_target_of_its_own_for_nobody_special() -> None:
    stage = dockerfile().split("AS cli\n")[1].split("\nFROM ")[0]

    assert re.findall(r"^USER (\S+)$", stage, flags=re.MULTILINE)[-1] == "1000:1000"
    assert re.search(r'^ENTRYPOINT \["/opt/connector/bin/pinterest-audiences"\]$', stage, flags=re.MULTILINE)
    assert f"org.opencontainers.image.version={ast.literal_eval(setup_call()['version'])}" in stage


def test_the_image_runs_the_console_script_as_another_user_than_root() -> None:
    final_stage = dockerfile().rpartition("\nFROM ")[2]
    entrypoint = re.search(r'^ENTRYPOINT \["([^"]+)"\]$', final_stage, flags=re.MULTILINE)

    assert entrypoint is not None
    assert entrypoint[1].endswith("/destination-pinterest")
    assert re.findall(r"AIRBYTE_ENTRYPOINT=(\S+)", final_stage) == [entrypoint[1]]
    assert re.findall(r"^USER (\S+)$", final_stage, flags=re.MULTILINE) == ["airbyte"]
    assert "PYTHONUNBUFFERED=1" in final_stage
    assert f"io.airbyte.name={metadata()['dockerRepository']}" in final_stage


def test_the_image_copies_nothing_but_the_connector_and_what_installs_it() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile(), flags=re.MULTILINE)
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]

    assert {name for line in copied for name in line.split()} == set(let_in)
    assert set(let_in) == {
        "requirements/production.txt",
        "requirements/cli.txt",
        "setup.py",
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "destination_pinterest",
        "pinterest_audiences",
        "pinterest_page",
    }
    builder = dockerfile().split("AS builder\n")[1]
    assert "pinterest_audiences" not in re.findall(r"^COPY (\S+) \S+$", builder, flags=re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_of_a_lock_is_pinned_with_hashes(lock: Path) -> None:
    entries = [entry for entry in re.split(r"\n(?=[^ #])", lock.read_text().strip()) if not entry.startswith("#")]

    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==\S+( ; .+)? \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry[:80]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_index_and_no_address(lock: Path) -> None:
    assert not re.findall(r"https?://|file://|--?(?:extra-)?index|--find-links|--trusted-host| @ ", lock.read_text())


@pytest.mark.parametrize(
    ("lock", "lists"),
    [
        ("production.txt", ("PRODUCTION", "REDIS")),
        ("cli.txt", ("PRODUCTION", "CLI", "TELEMETRY")),
        ("development.txt", ("PRODUCTION", "CLI", "SANDBOX", "DEV")),
    ],
)
def test_a_lock_pins_what_setup_py_asks_for(lock: str, lists: tuple[str, ...]) -> None:
    pinned = pins(ROOT / "requirements" / lock)

    for requirement in (r for name in lists for r in requirements_named(name)):
        versions = pinned.get(requirement.name, set())
        assert versions, f"{requirement} is not in {lock}: make lock"
        assert all(version in requirement.specifier for version in versions), f"{requirement} against {versions}"


def test_the_image_of_the_command_line_adds_to_the_packages_that_production_runs_on() -> None:
    added = pins(ROOT / "requirements" / "cli.txt")

    for name, versions in pins(ROOT / "requirements" / "production.txt").items():
        if name != "setuptools":
            assert added[name] == versions


def test_tests_run_against_the_packages_that_production_runs_on() -> None:
    development = pins(ROOT / "requirements" / "development.txt")

    for name, versions in pins(ROOT / "requirements" / "production.txt").items():
        assert development[name] == versions


def test_the_build_tool_is_locked_for_both() -> None:
    for lock in ("production.txt", "development.txt"):
        assert "setuptools" in pins(ROOT / "requirements" / lock)


def test_production_and_the_extra_for_redis_declare_exactly_what_the_connector_imports() -> None:
    declared = import_names([*requirements_named("PRODUCTION"), *requirements_named("REDIS")])
    assert third_party_imports(ROOT / "destination_pinterest") == declared


def test_the_command_line_declares_what_it_imports_beyond_production() -> None:
    production = import_names(requirements_named("PRODUCTION"))

    imported = third_party_imports(ROOT / "pinterest_audiences") | third_party_imports(ROOT / "pinterest_page")
    declared = import_names([each for name in ("CLI", "KEYRING", "SPARK") for each in requirements_named(name)])
    assert imported - production - OF_JINJA2 - OF_PYSPARK == declared


def test_the_sandbox_declares_exactly_what_it_imports() -> None:
    imported = third_party_imports(ROOT / "pinterest_sandbox") | third_party_imports(ROOT / "pinterest_page")
    assert imported - OF_JINJA2 - ONLY_FOR_CHARTS == import_names(requirements_named("SANDBOX"))


def test_the_acceptance_tests_find_their_files_and_go_to_this_machine() -> None:
    tests = yaml.safe_load((ROOT / "acceptance-test-config.yml").read_text())["acceptance_tests"]
    paths = {case["config_path"] for group in tests.values() for case in group["tests"]}

    assert paths
    for path in paths:
        assert json.loads((ROOT / path).read_text())["api_base_url"].startswith("http://127.0.0.1:")
