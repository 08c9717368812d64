"""Through what a quota is shared."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.api.counts_in_file import FileCounts
from destination_pinterest.api.counts_in_redis import RedisCounts
from destination_pinterest.api.quota_sharing import check_sharing, shared_counts
from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.markers import QUOTA_PATH_VARIABLE
from destination_pinterest.system import System
from unit_tests.support.raises import raises

Said = list[tuple[str, str]]


@pytest.fixture
def said() -> Said:
    return []


def counts(raw: dict[str, Any], said: Said, environment: dict[str, str] | None = None, **settings: Any) -> Any:
    config = read_config({**raw, **settings})
    return shared_counts(config, environment or {}, System(), lambda *line: said.append(line))


def test_without_the_setting_it_is_the_file_of_the_command_or_nothing(
    raw_config: dict[str, Any], said: Said, tmp_path: Path
) -> None:
    assert counts(raw_config, said) is None
    assert isinstance(counts(raw_config, said, {QUOTA_PATH_VARIABLE: str(tmp_path / "quota")}), FileCounts)
    assert counts(raw_config, said, {QUOTA_PATH_VARIABLE: str(tmp_path / "no" / "quota")}) is None
    assert said == []


def test_the_setting_goes_before_the_command(raw_config: dict[str, Any], said: Said, tmp_path: Path) -> None:
    environment = {QUOTA_PATH_VARIABLE: str(tmp_path / "of the command")}
    assert isinstance(counts(raw_config, said, environment, shared_quota=str(tmp_path / "quota")), FileCounts)
    assert [path.name for path in tmp_path.iterdir()] == ["quota"]
    assert isinstance(counts(raw_config, said, environment, shared_quota="redis://127.0.0.1:1/0"), RedisCounts)


def test_a_file_that_can_t_be_used_is_said_and_the_check_refuses_it(
    raw_config: dict[str, Any], said: Said, tmp_path: Path
) -> None:
    path = str(tmp_path / "no" / "quota")
    assert counts(raw_config, said, shared_quota=path) is None
    assert [level for level, _ in said] == ["WARN"]
    with raises(Code.SHARED_QUOTA_UNUSABLE, match="No such file or directory"):
        check_sharing(read_config({**raw_config, "shared_quota": path}))
    check_sharing(read_config({**raw_config, "shared_quota": str(tmp_path / "quota")}))
    check_sharing(read_config(raw_config))


def test_without_the_package_it_is_said_what_to_install(
    raw_config: dict[str, Any], said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "redis"]:
        monkeypatch.delitem(sys.modules, name)
    found = builtins.__import__

    def without_redis(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "redis":
            raise ModuleNotFoundError(name)
        return found(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_redis)
    with raises(Code.REDIS_PACKAGE_MISSING, match=r"\[redis\]"):
        counts(raw_config, said, shared_quota="redis://127.0.0.1:1/0")


def test_a_password_in_the_address_is_in_no_error(raw_config: dict[str, Any]) -> None:
    with raises(Code.SHARED_QUOTA_UNUSABLE) as caught:
        check_sharing(read_config({**raw_config, "shared_quota": "redis://:hidden@127.0.0.1:1/0"}))
    assert "hidden" not in str(caught.value)
