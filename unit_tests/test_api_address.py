from __future__ import annotations

from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises


@pytest.mark.parametrize(
    "address",
    [
        "https://api.pinterest.com.evil.example.com/v5",
        "https://pinterest.com.evil.net/v5",
        "https://api.pinterest.com.co/v5",
        "https://api-pinterest.com/v5",
        "https://apipinterest.com/v5",
        "https://pinterest-api.com/v5",
        "https://api.pinterest.net/v5",
        "https://api.pinterest.co/v5",
        "https://api.p1nterest.com/v5",
        "https://api.pintrest.com/v5",
        "https://api.pinterset.com:443/v5",
        "https://API.PLNTEREST.COM/v5",
        "https://api.xn--pnterest-2fg.com/v5",
        "https://api.pinterest.com.example/v5",
        "https://api.pinterest.com-v5.example.net/v5",
        "https://api-pinterest-com.example.net/v5",
        "https://api.p1nterest.com.example.net/v5",
        "https://api.xn--pnterest-2fg.com.example.net/v5",
        "https://api.pinterest.co.uk/v5",
        "https://api.p1nterest.com.br/v5",
        "https://[::::]/v5",
    ],
)
def test_a_host_that_is_made_to_be_taken_for_pinterests_is_refused(raw_config: dict[str, Any], address: str) -> None:
    with raises(
        Code.SETTINGS_INVALID, match=r"\(`api_base_url`\): the host looks like Pinterest's and is not"
    ) as caught:
        read_config({**raw_config, "api_base_url": address})
    assert address not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://api.pinterest.com/v5",
        "https://api-sandbox.pinterest.com/v5",
        "https://API.Pinterest.com:443/v5",
        "https://pinterest-sandbox.example.com/v5",
        "https://api.pinterest.example.com/v5",
        "https://api.pinterest.invalid/v5",
        "https://pinterest.company.example.co.uk/v5",
        "https://pinterest-sandbox:8443/v5",
        "https://pinterest_sandbox:8443",
        "https://sandbox.internal/api/v5",
        "https://xn--mller-kva.de/v5",
        "https://10.0.0.5:65535/v5",
        "https://10.0.0.5:8443/v5",
        "https://[2001:db8::1]:8443/v5",
    ],
)
def test_any_other_host_may_be_a_sandboxs(raw_config: dict[str, Any], address: str) -> None:
    assert read_config({**raw_config, "api_base_url": address}).api_base_url == address
