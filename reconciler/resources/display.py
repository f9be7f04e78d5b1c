"""Short texts of commits and times for output."""

from datetime import UTC, datetime
from typing import Final

from reconciler.resources.values import JSON

DIRTY: Final = "-dirty"
"""Suffix of a commit that does not have all files that were read as they are, like that of `git describe --dirty`."""
_LAST: Final = 253_402_300_799
"""The last second of the year 9999."""


def short(commit: str) -> str:
    """Return the first twelve characters of a commit, and its suffix."""
    return commit[:12] + (DIRTY if commit.endswith(DIRTY) else "")


def day(seconds: JSON) -> str:
    """Return the UTC day of a Unix time; empty if the value, for example in an export, is not a valid time."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LAST:
        return ""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def moment(seconds: float) -> str:
    """Return a Unix time in UTC, to the minute."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
