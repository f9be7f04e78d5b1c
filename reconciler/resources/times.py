"""Times as the API tells them."""

from datetime import UTC, datetime
from typing import Final

from reconciler.resources.values import JSON

_LAST: Final = 253_402_300_799
"""The last second of the year 9999."""


def day(seconds: JSON) -> str:
    """The day of a Unix time, in UTC; nothing where it is none, as in what others have exported."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LAST:
        return ""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
