from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest.api.scrub import MESSAGE_CHARS, REMOVED, clean_request_id, scrub, without_echo

DIGEST = hashlib.sha256(b"jane.doe@example.com").hexdigest()


def test_an_ordinary_message_stays_as_it_is() -> None:
    message = (
        "'customer_list_id' value '643x' must match the pattern: ^\\d+$ (see /ad_accounts/549755885175/customer_lists)"
    )
    assert scrub(message, records=f"{DIGEST},{DIGEST[::-1]}") == message


@pytest.mark.parametrize(
    "secret",
    [
        "jane.doe@example.com",
        "jane.doe%40example.com",
        "jane.doe\\u0040example.com",
        "JANE.DOE&#64;example.com",
        DIGEST,
        DIGEST.upper(),
        hashlib.md5(b"x").hexdigest(),
        hashlib.sha1(b"x").hexdigest(),
        "123e4567-e89b-12d3-a456-426614174000",
        "pina_short",
        "pinr_short",
        "pinaABCDEFGH12",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    ],
)
@pytest.mark.parametrize("quoting", ["{}", "'{}'", "value={};", '{{"records":"{},{}"}}', "({})", "x:{}", "{}."])
def test_people_and_tokens_are_taken_out_of_any_quotation(secret: str, quoting: str) -> None:
    cleaned = scrub(f"Invalid: {quoting.format(secret, secret)} - try again")
    assert secret.lower() not in cleaned.lower()
    assert "jane" not in cleaned.lower()
    assert cleaned.startswith("Invalid: ")
    assert cleaned.endswith("- try again")


def full_width(text: str) -> str:
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


def percent(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def backslash(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


DISGUISES: list[Callable[[str], str]] = [
    "\u200b".join,
    "\u2060\ufeff\xad".join,
    "\u034f".join,
    full_width,
    percent,
    backslash,
    lambda text: percent(percent(text)),
    lambda text: backslash(full_width(text)),
    lambda text: f"{text[:2]}\x1b[1m{text[2:]}",
    lambda text: f"{text[:3]}\u202e{text[3:]}",
]


@pytest.mark.parametrize(
    "secret",
    [
        "pina_short",
        "jane.doe@example.com",
        DIGEST,
        hashlib.md5(b"x").hexdigest(),
        "123e4567-e89b-12d3-a456-426614174000",
        "app:secret",
        "Xi1234ABCD",
        "a:b",
    ],
)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_people_and_secrets_are_taken_out_in_every_disguise(secret: str, disguise: Callable[[str], str]) -> None:
    said = scrub(f"Invalid: '{disguise(secret)}' - try again", records="Xi1234ABCD,a:b", secrets=("app:secret",))
    assert said == f"Invalid: '{REMOVED}' - try again"


@pytest.mark.parametrize("filler", ["\\", "%", "&", "a\u200b", "\uff41", "pina", "@", "\x1b]", "f" * 32 + " "])
def test_a_long_text_costs_no_time(filler: str) -> None:
    records = ",".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(1900))
    began = time.process_time()
    scrub(filler * 1_000_000, records=records)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("record", ["Xi1234ABCD", "ab", "a:b", "L=77", "k;v", "user|7781"])
def test_whole_records_of_any_shape_are_taken_out(record: str) -> None:
    cleaned = scrub(f"cannot use '{record}' here", records=f"first,{record},last")
    assert record not in cleaned
    assert cleaned == f"cannot use '{REMOVED}' here"


def test_pieces_of_records_are_taken_out() -> None:
    assert scrub("bad value Xi1234AB… found", records="zz,Xi1234ABCD") == f"bad value {REMOVED} found"


def test_short_words_that_happen_to_occur_inside_records_stay() -> None:
    assert scrub("add a bad one", records="0badadd1aone9") == "add a bad one"


def test_named_secrets_are_taken_out_wherever_they_stand() -> None:
    assert "s3cret" not in scrub("client s3cret/x and xs3cretx", secrets=("s3cret", ""))


def test_a_message_is_brought_to_one_line_and_cut() -> None:
    cleaned = scrub("one\r\n two\t\x00three " + "word " * 200)
    assert cleaned.startswith("one two three word")
    assert len(cleaned) == MESSAGE_CHARS
    assert cleaned.endswith("…")


def test_what_a_cut_runs_through_is_dropped() -> None:
    filler = "w " * 990
    assert DIGEST[:12] not in scrub(filler + DIGEST * 2)


def test_a_quotation_of_a_whole_request_is_scrubbed() -> None:
    records = ",".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(1900))
    cleaned = scrub(f'Invalid request: {{"operation_type":"ADD","records":"{records}"}}', records=records)
    assert not any(record[:8] in cleaned for record in records.split(","))


@settings(deadline=None)
@given(
    st.lists(st.text(alphabet=st.characters(blacklist_characters=", "), min_size=3, max_size=80), max_size=8), st.data()
)
def test_no_record_survives_wherever_it_is_quoted(records: list[str], data: st.DataObject) -> None:
    sent = ",".join(records)
    text = "".join(
        data.draw(st.sampled_from(["Invalid ", "<", '"', " ", "value: ", "."])) + record for record in records
    )
    cleaned = scrub(text, records=sent).replace(REMOVED, "").lower()
    for record in records:
        assert record.lower() not in cleaned or record.lower() in "invalid value: "


@pytest.mark.parametrize(
    ("text", "kept"),
    [("1234567890123", "1234567890123"), ("a-b_c.d", "a-b_c.d"), (None, None), ("", None), ("jane@example.com", None)],
)
def test_a_request_id_is_kept_only_if_it_looks_like_one(text: str | None, kept: str | None) -> None:
    assert clean_request_id(text) == kept


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Invalid request: {'name': 'a', 'rule': {'id': 1}} (too short)", "Invalid request: {…} (too short)"),
        ("Invalid request: {'name': 'a…", "Invalid request: {…}"),
        ("Invalid records", "Invalid records"),
        ('{"error": "no"}', '{"error": "no"}'),
        ("", ""),
    ],
)
def test_the_request_that_a_refusal_repeats_can_be_left_out(said: str, left: str) -> None:
    assert without_echo(said) == left
