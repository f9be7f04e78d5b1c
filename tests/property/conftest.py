"""Every plan of these tests is made with and without the digests of the last apply."""

from collections.abc import Iterator

import pytest

from tests.support.skipping import planned_twice


@pytest.fixture(scope="module", autouse=True)
def _planned_twice() -> Iterator[None]:
    with planned_twice():
        yield
