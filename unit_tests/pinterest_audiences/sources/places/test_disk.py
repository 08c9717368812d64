from __future__ import annotations

from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.places.disk import find_on_disk
from pinterest_audiences.sources.places.found import Found
from unit_tests.support.raises import raises


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """A folder as Hive and Spark leave it."""
    for name in (
        "country=DE/day=1/a.csv", "country=S%C3%A3o/day=2/b.csv", "country=__HIVE_DEFAULT_PARTITION__/c.csv",
        "plain/d.csv", "_SUCCESS", ".hidden/e.csv", "_temporary/f.csv", "plain/.a.csv.crc",
    ):  # fmt: skip
        path = tmp_path / "exports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "exports"


def partitions(found: Found) -> dict[str, tuple[tuple[str, str | None], ...]]:
    return {each.file.name: each.partition for each in found.files}


def test_a_file_is_found_with_its_content_size_and_address(exports: Path) -> None:
    found = find_on_disk(str(exports / "plain" / "d.csv"))
    (file,) = (each.file for each in found.files)
    assert (found.label, found.name, found.is_listing) == (str(exports / "plain" / "d.csv"), "d.csv", False)
    assert (file.label, file.name, file.size_bytes) == (found.label, "d.csv", len("plain/d.csv"))
    for _ in range(2):
        with file.open() as stream:
            assert stream.read() == b"plain/d.csv"


def test_a_folder_has_all_files_in_it_and_folders_names_give_columns(exports: Path) -> None:
    found = find_on_disk(str(exports))
    assert (found.label, found.name, found.is_listing) == (str(exports), "exports", True)
    assert partitions(found) == {
        "a.csv": (("country", "DE"), ("day", "1")),
        "b.csv": (("country", "São"), ("day", "2")),
        "c.csv": (("country", None),),
        "d.csv": (),
    }


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*/d.csv", {"d.csv"}),
        ("*/?.csv", {"c.csv", "d.csv"}),
        ("**/*.csv", {"a.csv", "b.csv", "c.csv", "d.csv"}),
        ("country=[DS]*", {"a.csv", "b.csv"}),
        ("country=DE/*/*", {"a.csv"}),
        ("*", {"a.csv", "b.csv", "c.csv", "d.csv"}),
    ],
)
def test_a_pattern_finds_files_and_the_files_of_folders_each_once(exports: Path, pattern: str, names: set[str]) -> None:
    found = find_on_disk(str(exports / pattern))
    assert len(found.files) == len(names)
    assert set(partitions(found)) == names
    assert found.label == str(exports / pattern)


def test_folders_before_and_in_a_pattern_give_columns(exports: Path) -> None:
    assert partitions(find_on_disk(str(exports / "country=DE" / "*"))) == {"a.csv": (("country", "DE"), ("day", "1"))}


def test_a_path_that_exists_is_no_pattern(tmp_path: Path) -> None:
    (tmp_path / "vip[1]*.csv").write_text("x")
    (tmp_path / "vip1.csv").write_text("y")
    found = find_on_disk(str(tmp_path / "vip[1]*.csv"))
    assert [each.file.name for each in found.files] == ["vip[1]*.csv"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.csv", "There is no file"), ("none*.csv", "No file matches"), ("empty", "has no files")],
)
def test_where_there_is_nothing_it_is_said(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    with raises(Code.SOURCE_NOT_OPENED, match=said):
        find_on_disk(str(tmp_path / name))


@pytest.mark.parametrize(
    "commits",
    [
        {"00000000000000000000.json": '{"add":{"path":"a"}}\n{"remove":{"path":"b"}}\n'},
        {"00000000000000000000.json": '{"add":{"path":"a","deletionVector":{"storageType":"u"}}}\n'},
        {"00000000000000000010.json": '{"add":{"path":"a"}}\n'},
    ],
)
def test_a_delta_table_that_has_removed_files_is_refused(tmp_path: Path, commits: dict[str, str]) -> None:
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "a.parquet").touch()
    for name, content in commits.items():
        (tmp_path / "_delta_log" / name).write_text(content)
    (tmp_path / "country=DE").mkdir()
    (tmp_path / "country=DE" / "b.parquet").touch()
    for name in (".", "*.parquet", "country=DE", "country=*", "**/*.parquet"):
        with raises(Code.SOURCE_NOT_OPENED, match="is a Delta table with files or rows that it has removed"):
            find_on_disk(str(tmp_path / name))


def test_a_delta_table_that_has_removed_nothing_is_read(tmp_path: Path) -> None:
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "_delta_log" / f"{0:020}.json").write_text('{"add":{"path":"a"}}\n"text"\nno JSON\n')
    (tmp_path / "_delta_log" / "_last_checkpoint").write_text("{}")
    (tmp_path / "a.parquet").touch()
    assert [each.file.name for each in find_on_disk(str(tmp_path)).files] == ["a.parquet"]


def test_a_folder_that_may_not_be_listed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with raises(Code.SOURCE_NOT_OPENED, match="can't be listed: Permission denied"):
        find_on_disk(str(tmp_path))
