from __future__ import annotations

import re

from destination_pinterest.probing.nobody import nobodies


def test_nobodies_are_digests_and_never_the_same() -> None:
    first, second = nobodies(100), nobodies(100)
    assert len({*first, *second}) == 200
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in first)
