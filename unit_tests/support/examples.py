"""How many examples chance is given, where a test says so itself."""

from __future__ import annotations

import os
from typing import Final

# Set where the same tests are run with all examples elsewhere, and it's only to be seen that they run here as well.
ARE_FEW: Final = bool(os.environ.get("FEW_EXAMPLES"))


def examples(usual: int) -> int:
    """Returns how many of the usual examples are tried."""
    return max(2, usual // 10) if ARE_FEW else usual
