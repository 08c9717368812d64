"""The examples can be used as they are: schemas, linters and our own parser and reader say so, without their hosts."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pinterest_audiences.__main__ import parser
from pinterest_audiences.project.project import Project, read_project

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
MANIFESTS = list(yaml.safe_load_all((EXAMPLES / "kubernetes" / "pinterest-audiences.yaml").read_text()))
WORKFLOW = EXAMPLES / "github-actions" / "pinterest-audiences.yml"
DAG = EXAMPLES / "airflow" / "pinterest_audiences_dag.py"
KUBERNETES = "1.31"


def manifest(kind: str) -> dict[str, Any]:
    (found,) = [each for each in MANIFESTS if each["kind"] == kind]
    return found


def pod() -> dict[str, Any]:
    return manifest("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def project(folder: Path) -> Project:
    path = folder / "audiences.yml"
    path.write_text(manifest("ConfigMap")["data"]["audiences.yml"])
    return read_project(path, {})


def commands() -> dict[str, list[str]]:
    """Every command of ours in an example, without the program's name."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["run"]["steps"]
    typed = {f"step {each['name']}": shlex.split(each["run"]) for each in steps if "run" in each}
    (run,) = [
        node.value
        for node in ast.parse(DAG.read_text()).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "RUN"
    ]
    typed["task of the DAG"] = ast.literal_eval(run)
    typed["container"] = ["pinterest-audiences", *pod()["containers"][0]["args"]]
    return typed


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap", "PersistentVolumeClaim", "CronJob"])
def test_a_manifest_is_one_by_kubernetes_own_schema(kind: str) -> None:
    kubernetes_validate.validate(manifest(kind), KUBERNETES, strict=True)


def test_the_schema_finds_a_misspelt_key() -> None:
    wrong = json.loads(json.dumps(manifest("CronJob")))
    wrong["spec"]["jobTemplate"]["spec"]["backofLimit"] = 3

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_a_container_may_do_nothing_that_it_need_not() -> None:
    for container in (*pod()["initContainers"], *pod()["containers"]):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert pod()["securityContext"]["runAsNonRoot"] is True


def test_every_volume_that_is_mounted_is_there_and_the_image_is_of_this_version() -> None:
    volumes = {each["name"] for each in pod()["volumes"]}
    containers = [*pod()["initContainers"], *pod()["containers"]]
    version = re.search(r'version="([^"]+)"', (ROOT / "setup.py").read_text())

    assert version is not None
    assert {mount["name"] for each in containers for mount in each["volumeMounts"]} == volumes
    assert {each["image"] for each in containers} == {f"pinterest-audiences:{version[1]}"}


def test_the_project_of_the_manifest_is_one_that_runs_and_remembers_on_the_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    found = project(tmp_path)

    assert found.state_folder == Path("/state/project")
    assert found.audiences[0].profile == "default"


def test_only_the_code_that_waiting_helps_is_tried_again() -> None:
    (rule,) = manifest("CronJob")["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    (again,) = [
        ast.literal_eval(node.value)
        for node in ast.parse(DAG.read_text()).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "TRY_AGAIN"
    ]

    assert rule["onExitCodes"] == {"containerName": "run", "operator": "NotIn", "values": [again]}


@pytest.mark.parametrize("where", commands())
def test_a_command_is_one_that_the_program_knows(where: str) -> None:
    program, *arguments = commands()[where]

    assert program == "pinterest-audiences"
    assert callable(parser().parse_args(arguments).run)


def test_the_dag_compiles() -> None:
    compile(DAG.read_text(), str(DAG), "exec")


@pytest.mark.parametrize(
    "linter",
    [
        ["actionlint", "-shellcheck=", "-pyflakes="],
        ["zizmor", "--offline", "--quiet", "--no-progress", "--persona", "pedantic"],
    ],
    ids=lambda linter: linter[0],
)
def test_the_workflow_passes_the_linters_of_our_own(linter: list[str]) -> None:
    program = Path(sys.executable).parent / linter[0]
    done = subprocess.run(
        [str(program), *linter[1:], str(WORKFLOW)], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_an_action_is_pinned_as_in_our_own_workflows() -> None:
    own = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))

    for used in re.findall(r"uses: (\S+@\S+)", WORKFLOW.read_text()):
        assert f"uses: {used}" in own


def test_no_example_names_a_registry_or_an_index() -> None:
    for path in (each for each in EXAMPLES.rglob("*") if each.is_file()):
        hosts = re.findall(r"\b[\w-]+\.(?:com|io|org)\b", path.read_text())
        assert set(hosts) <= {"example.com"}, path
