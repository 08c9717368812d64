from __future__ import annotations

from destination_pinterest.api import endpoints
from destination_pinterest.api.endpoints import Category
from destination_pinterest.api.observer import Exchange, Observer, QuotaWait, RetryNotice, SilentObserver
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ServerError


def test_the_silent_observer_takes_everything_and_keeps_nothing() -> None:
    silent: Observer = SilentObserver()
    silent.sent(Exchange(endpoints.AUDIENCE, "7", 200, 0.1))
    silent.retrying(RetryNotice(endpoints.AUDIENCE, "7", ServerError(Code.PINTEREST_FAULT, "x"), 1, 1.0))
    silent.waiting(QuotaWait(Category.ADS_READ, 1.0, None))
    assert not hasattr(silent, "__dict__") or vars(silent) == {}
