import math

import pytest

from reconciler.resources.times import day


def test_a_day_is_one_of_utc():
    assert day(1_793_577_599) == "2026-11-01"
    assert day(1_793_577_600.5) == "2026-11-02"


@pytest.mark.parametrize("seconds", [None, True, "1793577600", 0, -1, 1_793_577_600_000, math.nan, math.inf])
def test_what_is_no_time_has_no_day(seconds):
    assert day(seconds) == ""
