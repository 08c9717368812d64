"""The forge's workflows run the developer's verbs on every promised Python, and trust no action by its name alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CI = ROOT / ".github" / "workflows" / "ci.yml"
FORGE_FILES = [*WORKFLOWS, ROOT / ".github" / "dependabot.yml", ROOT / ".pre-commit-config.yaml"]
MAKEFILE = (ROOT / "Makefile").read_text()


def made_verbs(text: str) -> set[str]:
    """The verbs behind each `make` that a line of the shell calls."""
    calls = re.findall(r"^\W*(?:run: +|step \"[^\"]*\" +|begin \w+ +)?make ([^#>&\n]+)", text, flags=re.MULTILINE)
    return {word for call in calls for word in call.split() if re.fullmatch(r"[a-z][a-z-]*", word)}


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


def used_actions() -> list[tuple[str, str, str]]:
    """Name, revision and comment of every action of every workflow."""
    text = "\n".join(workflow.read_text() for workflow in WORKFLOWS)
    return re.findall(r"uses: ([\w./-]+)@(\S+)(.*)$", text, flags=re.MULTILINE)


def test_workflows_call_only_verbs_of_the_makefile() -> None:
    verbs = set(re.findall(r"^([a-z-]+):", MAKEFILE, flags=re.MULTILINE))

    for workflow in WORKFLOWS:
        called = made_verbs(workflow.read_text())
        assert called, workflow.name
        assert called <= verbs, workflow.name


def test_the_forge_runs_every_verb_that_ci_runs() -> None:
    here = made_verbs((ROOT / ".ci" / "run").read_text())

    assert {"setup", "check", "docs", "audit", "test", "set-up-hosts"} <= here
    assert here <= made_verbs(CI.read_text())


def test_the_tests_run_on_every_python_that_the_distribution_promises() -> None:
    (promised,) = re.findall(r'python_requires="([^"]+)"', (ROOT / "setup.py").read_text())
    pythons = [f"3.{minor}" for minor in range(8, 20) if f"3.{minor}" in SpecifierSet(promised)]

    assert jobs(CI)["test"]["strategy"]["matrix"]["python"] == pythons


def test_every_action_is_pinned_by_commit_with_its_version_beside_it() -> None:
    assert used_actions()
    for name, revision, comment in used_actions():
        assert re.fullmatch(r"[0-9a-f]{40}", revision), name
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), name


def test_an_action_is_the_same_commit_wherever_it_is_used() -> None:
    assert len({name for name, _, _ in used_actions()}) == len(set(used_actions()))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_permission_that_a_job_does_not_ask_for(workflow: Path) -> None:
    assert yaml.safe_load(workflow.read_text())["permissions"] == {}
    for name, job in jobs(workflow).items():
        assert "permissions" in job, name
        assert "uses" in job or "timeout-minutes" in job, name


def test_only_the_release_may_write_and_only_what_each_job_publishes() -> None:
    may_write = {
        (workflow.name, name): {right for right, value in job["permissions"].items() if value == "write"}
        for workflow in WORKFLOWS
        for name, job in jobs(workflow).items()
    }

    assert {job: rights for job, rights in may_write.items() if rights} == {
        ("release.yml", "package"): {"id-token"},
        ("release.yml", "image"): {"id-token", "attestations"},
        ("release.yml", "page"): {"contents", "id-token", "attestations"},
    }


@pytest.mark.parametrize("file", FORGE_FILES, ids=lambda path: path.name)
def test_no_registry_and_no_other_host_is_named(file: Path) -> None:
    assert not re.findall(r"\w+://|\b[\w-]+\.(?:com|dev|io|net|org)\b", file.read_text())


def test_a_commit_is_checked_by_the_tools_of_make_check() -> None:
    recipe = re.search(r"^check: setup .*\n((?:\t.*\n)+)", MAKEFILE, flags=re.MULTILINE)
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    assert recipe is not None
    assert [repository["repo"] for repository in hooks] == ["local"]
    assert [hook["entry"] for hook in hooks[0]["hooks"]] == [
        line.removeprefix("\t@").replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()
    ]
