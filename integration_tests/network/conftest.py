from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integration_tests.network.far_ends import Authority, Behaviour, FarEnd

MakeFarEnd = Callable[..., FarEnd]
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE")


@pytest.fixture
def far_end() -> Iterator[MakeFarEnd]:
    """Makes far ends that listen until the test is over."""
    made: list[FarEnd] = []

    def make(behaviour: Behaviour, **options: object) -> FarEnd:
        made.append(FarEnd(behaviour, **options))  # type: ignore[arg-type]  # what FarEnd takes
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", *_CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
