"""A GitHub of our own, and our client of it."""

from collections.abc import Iterator

import pytest

from reconciler.github import GitHub, connect
from tests.support.github_hub import REPOSITORY, TOKEN, Hub, serve


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(Hub()) as made:
        yield made


@pytest.fixture
def waits() -> list[float]:
    """Seconds that the client waited, none of them for real."""
    return []


@pytest.fixture
def github(hub: Hub, waits: list[float]) -> Iterator[GitHub]:
    environ = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
    with connect(environ, waits.append) as made:
        yield made
