from __future__ import annotations

import pytest

from destination_pinterest.config import S3ObjectStorage
from destination_pinterest.dead_letters.file_names import DeadLetterFileNames
from destination_pinterest.protocol.catalog import StreamKey

NOON = 1_795_348_800.5  # 2026-11-22 12:00:00.500 UTC
DEFAULTS = S3ObjectStorage(s3_bucket_name="shop", s3_bucket_region="eu-central-1", bucket_path="rows")


def files(
    path_format: str = DEFAULTS.path_format, file_name_format: str = DEFAULTS.file_name_format
) -> DeadLetterFileNames:
    return DeadLetterFileNames(path_format, file_name_format, now=lambda: NOON)


def test_the_defaults_are_those_of_the_other_connectors() -> None:
    key = files().next_key(StreamKey("crm", "users"), 42)
    assert key == "42/crm/users/2026_11_22_1795348800500_0.jsonl"


def test_a_namespace_that_is_not_there_leaves_no_gap_and_a_sync_without_a_number_is_0() -> None:
    assert files().next_key(StreamKey(None, "users"), None).startswith("0/users/2026")


def test_no_two_files_of_a_sync_have_one_name_even_where_streams_share_a_folder() -> None:
    names = files("all")
    keys = [names.next_key(StreamKey(None, stream), 1) for stream in ("a", "b", "a")]
    assert len(set(keys)) == 3
    assert all(key.startswith("all/") for key in keys)


@pytest.mark.parametrize("path", ["", "/", "//"])
def test_a_path_of_nothing_puts_files_right_below_the_bucket_path(path: str) -> None:
    assert "/" not in files(path).next_key(StreamKey("crm", "users"), 1)


def test_words_in_a_streams_name_are_not_filled_in_again() -> None:
    assert files().next_key(StreamKey(None, "{sync_id}"), 9).startswith("9/{sync_id}/")


def test_every_word_is_known_in_both_templates() -> None:
    every = "{sync_id}-{namespace}-{stream_name}-{date}-{timestamp}-{part_number}{format_extension}"
    key = files(every, every).next_key(StreamKey("n", "s"), 1)
    assert key == "1-n-s-2026_11_22-1795348800500-0.jsonl/1-n-s-2026_11_22-1795348800500-0.jsonl"
