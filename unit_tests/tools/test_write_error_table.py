from __future__ import annotations

import pytest

from destination_pinterest.error_codes import AREAS, Code
from destination_pinterest.error_texts import TEXTS
from tools.write_error_table import BEGIN, END, PAGE, with_tables


def test_the_page_is_in_step_with_the_codes() -> None:
    assert PAGE.read_text() == with_tables(PAGE.read_text())


def test_what_stands_between_the_markers_is_replaced_and_the_rest_stays() -> None:
    page = with_tables(f"# Before\n\n{BEGIN}\nAn old table.\n{END}\n# After\n")

    assert page.startswith(f"# Before\n\n{BEGIN}\n### ")
    assert page.endswith(f"{END}\n# After\n")
    assert "old table" not in page
    assert [line for line in page.splitlines() if line.startswith("### ")] == [f"### {it}" for it in AREAS.values()]
    assert page.count('<a id="pin-') == len(Code)


def test_a_row_has_all_that_a_code_says() -> None:
    code = Code.STORE_BUSY
    row = (
        f'| <a id="pin-store-001"></a>PIN-STORE-001 | {TEXTS[code].summary} | {TEXTS[code].remedy} | transient | yes |'
    )

    assert row in with_tables(BEGIN + END).splitlines()


@pytest.mark.parametrize("page", ["", BEGIN, END, END + BEGIN])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="lost the markers"):
        with_tables(page)
