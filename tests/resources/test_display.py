import math

import pytest

from reconciler.resources.display import day, short

COMMIT = "3f2c1ab9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5"


def test_short_commit_has_twelve_characters_and_keeps_dirty():
    assert short(COMMIT) == "3f2c1ab9d0e1"
    assert short(f"{COMMIT}-dirty") == "3f2c1ab9d0e1-dirty"
    assert short("") == ""


def test_day_is_in_utc():
    assert day(1_793_577_599) == "2026-11-01"
    assert day(1_793_577_600.5) == "2026-11-02"


@pytest.mark.parametrize("seconds", [None, True, "1793577600", 0, -1, 1_793_577_600_000, math.nan, math.inf])
def test_day_of_an_invalid_time_is_empty(seconds):
    assert day(seconds) == ""
