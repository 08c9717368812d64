"""How many requests that write customer lists Pinterest allows an app, by access tier.

Source: developers.pinterest.com/docs/reference/rate-limits (read 2026-11-22), category ads_write, per app and user. The
    7 a second are Braze's limit.
"""

from __future__ import annotations

from typing import Final

WRITES_A_SECOND: Final = 7
STANDARD_WRITES_A_MINUTE: Final = 400
TRIAL_WRITES_A_DAY: Final = 300
