"""The clock of the emulator."""

import time

import pytest

from reconciler.emulator.settings import DurationError, clock_ahead


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 0), ("0", 0), ("90", 90), ("90s", 90), ("2m", 120), ("3h", 10_800), ("8d", 691_200)]
)
def test_clock_ahead_adds_the_duration(text, seconds):
    assert clock_ahead(text)() == pytest.approx(time.time() + seconds, abs=5)


@pytest.mark.parametrize("text", ["8w", "-1d", "1.5d", "d", "1 d", "9999999999"])
def test_clock_ahead_rejects_other_texts(text):
    with pytest.raises(DurationError, match="is not a duration"):
        clock_ahead(text)
