from __future__ import annotations

import pytest

from destination_pinterest.commands import parse_command
from destination_pinterest.error_codes import Code
from destination_pinterest.wording.probe_text import chosen_steps


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["spec"], {"command": "spec"}),
        (["check", "--config", "c"], {"command": "check", "config": "c"}),
        (["discover", "--config", "c"], {"command": "discover", "config": "c"}),
        (["audiences", "--config", "c"], {"command": "audiences", "config": "c"}),
        (["write", "--config", "c", "--catalog", "k"], {"command": "write", "config": "c", "catalog": "k"}),
        (["preview", "--config", "c", "--catalog", "k"], {"command": "preview", "config": "c", "catalog": "k"}),
        (["probe", "--config", "c"], {"command": "probe", "config": "c", "steps": None}),
        (
            ["probe", "--config", "c", "--steps", "v2"],
            {"command": "probe", "config": "c", "steps": chosen_steps(("v2",))},
        ),
    ],
)
def test_each_command_takes_its_files(args: list[str], found: dict[str, str]) -> None:
    assert vars(parse_command(args)) == found


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["sync"],
        ["check"],
        ["discover"],
        ["discover", "--config", "c", "--catalog", "k"],
        ["write"],
        ["probe", "--config", "c", "--steps", "x"],
    ],
)
def test_what_is_no_command_ends_with_2_and_a_word_on_standard_error(
    args: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parse_command(args)
    said = capfd.readouterr()
    assert (end.value.code, said.out) == (2, "")
    assert said.err.startswith("usage: destination-pinterest")
    assert f": {Code.COMMAND_WRONG}: " in said.err.splitlines()[-1]


def test_the_help_names_every_command(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse_command(["--help"])
    said = capfd.readouterr().out
    assert end.value.code == 0
    assert [
        command
        for command in ("spec", "check", "discover", "audiences", "write", "preview", "probe")
        if command not in said
    ] == []
