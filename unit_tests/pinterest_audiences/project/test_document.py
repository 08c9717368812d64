from __future__ import annotations

import pytest

from pinterest_audiences.project.document import DocumentError, read_document


def test_words_and_dates_stay_text_and_numbers_are_decimal() -> None:
    read = read_document(
        "a: NO\nb: on\nc: 2026-01-01\nd: 0123\ne: 12\nf: 1.5\ng: true\nh:\ni: 0x10\nj: 1_000\n"
    ).content
    assert read == {
        "a": "NO",
        "b": "on",
        "c": "2026-01-01",
        "d": "0123",
        "e": 12,
        "f": 1.5,
        "g": True,
        "h": None,
        "i": "0x10",
        "j": "1_000",
    }


def test_lines_are_known_of_what_is_nested_and_merged() -> None:
    document = read_document("x: &x\n  k: 1\ny:\n  <<: *x\n  l:\n    - 1\n    - 2\n")
    assert document.content["y"] == {"k": 1, "l": [1, 2]}
    assert document.line_of(("y", "l", 1)) == 7
    assert document.line_of(("y", "l", 1, "deeper")) == 7
    assert document.line_of(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "says a twice, the second time on line 3"),
        ("a: [1\n", "is not YAML on line 2"),
        ("a: &a [*a]\n", "is too large, or refers to itself"),
        ("? [a]\n: 1\n", "has a key on line 1 that is no text"),
        ("a: !!python/object:os.system {}\n", "is not YAML on line 1"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(6)),
            "is too large, or refers to itself",
        ),
    ],
)
def test_what_is_ambiguous_or_endless_is_refused(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_document(text)
    assert str(caught.value).startswith(said)


def test_an_empty_document_holds_nothing() -> None:
    assert read_document("# nothing\n").content is None
