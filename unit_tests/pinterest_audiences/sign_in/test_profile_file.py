"""Writing a profile."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import read_settings
from pinterest_audiences.sign_in.profile_file import check_writable, write_account, write_sign_in
from pinterest_audiences.sign_in.profiles import profile_path, read_about, read_profile
from unit_tests.support.raises import raises


def test_a_new_sign_in_keeps_the_profiles_other_settings_and_makes_it_its_owners_alone(tmp_path: Path) -> None:
    environment = {"PINTEREST_AUDIENCES_HOME": str(tmp_path)}
    path = profile_path("acme", environment)
    path.parent.mkdir()
    path.write_text('{"batch_size": 5, "credentials": {"refresh_token": "old"}}')
    path.chmod(0o644)
    write_sign_in(path, {"credentials": {"refresh_token": "new"}}, {"redirect_uri": "http://localhost:1/"}, environment)
    acme = {"ad_account_id": "7", "name": "Acme", "roles": ["ADMIN"]}
    write_account(path, acme, [acme, {"ad_account_id": "8", "name": "Acme Europe", "roles": ["ADMIN"]}])
    assert json.loads(path.read_text()) == {
        "batch_size": 5,
        "credentials": {"refresh_token": "new"},
        "ad_account_id": "7",
    }
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    about = read_about(path)
    assert (about["redirect_uri"], about["account_name"], about["roles"]) == ("http://localhost:1/", "Acme", ["ADMIN"])
    assert read_profile(path).reached == {"7": "Acme", "8": "Acme Europe"}


def test_what_a_later_version_has_written_is_not_overwritten(tmp_path: Path) -> None:
    environment = {"PINTEREST_AUDIENCES_HOME": str(tmp_path)}
    path = profile_path("acme", environment)
    write_sign_in(path, {}, {}, environment)
    about = path.with_name("acme.about.json")
    about.write_text('{"format": 2, "new": 1}')
    for change in (
        lambda: check_writable(path, environment),
        lambda: write_sign_in(path, {"a": 1}, {}, environment),
        lambda: write_account(path, {"ad_account_id": "7", "name": "Acme", "roles": []}, []),
    ):
        with raises(Code.PROFILE_LATER):
            change()
    assert (about.read_text(), path.read_text()) == ('{"format": 2, "new": 1}', "{}\n")


def test_a_profile_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    with raises(Code.CLI_CONFIG_UNUSABLE, match="can't be read: Is a directory"):
        read_settings(tmp_path)


def test_whether_a_sign_in_can_be_kept_is_found_out_before_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {"PINTEREST_AUDIENCES_HOME": str(tmp_path / "file")}
    with raises(Code.PROFILE_FOLDER_UNUSABLE):
        check_writable(profile_path("acme", environment), environment)


def test_a_folder_in_which_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    environment = {"PINTEREST_AUDIENCES_HOME": str(tmp_path / "file")}
    with raises(Code.PROFILE_FOLDER_UNUSABLE, match="PINTEREST_AUDIENCES_HOME"):
        write_sign_in(profile_path("acme", environment), {}, {}, environment)
