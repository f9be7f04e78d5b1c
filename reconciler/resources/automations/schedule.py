"""Schedules: cron expressions of five fields in an IANA time zone, and single points in time.

Expressions have the meaning of Debian's cron: if both the day of month and the day of week are restricted, either
matches, and a time that a change of the clock skips runs after it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from reconciler.resources.name_lists import did_you_mean
from reconciler.resources.problems import Finding
from reconciler.resources.values import Fields

EXPRESSION: Final = ("spec", "expression")
TIMEZONE: Final = ("spec", "timezone")
FIELDS: Final = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of month": "1 to 31",
    "month": "1 to 12, or JAN to DEC",
    "day of week": "0 to 7 with Sunday as 0 and 7, or SUN to SAT",
}
"""The fields of an expression, each with its values."""
_SHORTCUTS: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EXTENSIONS: Final = frozenset("L#W?")
"""Characters of other dialects in fields without names."""
_RUNS: Final = 3
_ABBREVIATION: Final = 5
_ZONE: Final = "write an IANA name, such as `Europe/London` or `UTC`"


def check_expression(expression: str) -> Iterator[Finding]:
    """Yield the fault of a cron expression, if there is one."""
    parts = expression.split()
    if parts and parts[0].casefold() in _SHORTCUTS:
        hint = f"write `{_SHORTCUTS[parts[0].casefold()]}`"
        yield Finding(EXPRESSION, "bad-cron", f"the API does not accept `{expression.strip()}`", hint)
        return
    if len(parts) != len(FIELDS):
        message = f"expected five fields ({', '.join(FIELDS)}), found {len(parts)}"
        more = "remove the field of seconds: the smallest unit is a minute" if len(parts) == len(FIELDS) + 1 else ""
        yield Finding(EXPRESSION, "bad-cron", message, more or "write five fields, such as `0 3 * * *`")
        return
    wrong = [(name, part) for index, (name, part) in enumerate(zip(FIELDS, parts, strict=True)) if _is_bad(index, part)]
    for name, part in wrong:
        message = f"`{part}` is not a valid {name}"
        hint = (
            f"write numbers ({FIELDS[name]}), `*`, lists with `,`, ranges from low to high with `-`, and steps with `/`"
        )
        yield Finding(EXPRESSION, "bad-cron", message, hint)
    if not wrong and next(_times(expression, datetime(2000, 1, 1, tzinfo=UTC)), None) is None:
        message = f"`{expression}` never fires: no month that it names has such a day"
        hint = "change the day of month or the month; `28` is a day of every month"
        yield Finding(EXPRESSION, "never-fires", message, hint)


def _is_bad(index: int, part: str) -> bool:
    """Return True if a field is not valid in an expression whose other fields are `*`."""
    from cronsim import CronSim, CronSimError

    unnamed = part.upper()
    for name in ("JUL", "WED"):
        unnamed = unnamed.replace(name, "")
    if not _EXTENSIONS.isdisjoint(unnamed):
        return True
    fields = ["*"] * len(FIELDS)
    fields[index] = part
    try:
        CronSim(" ".join(fields), datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError:
        return True
    return False


def check_timezone(name: str) -> Iterator[Finding]:
    """Yield a finding if a text is not the name of a time zone."""
    known = _timezones()
    if name not in known:
        yield Finding(
            TIMEZONE, "unknown-timezone", f"`{name}` is not the name of a time zone", _other_names(name, known)
        )


def _other_names(name: str, known: frozenset[str]) -> str:
    """Return the hint for an unknown name. A similar abbreviation is the name of another zone, and is not suggested."""
    text = name.strip().replace(" ", "_").replace("\\", "/").casefold()
    meant = sorted(one for one in known if text in (one.casefold(), one.rpartition("/")[2].casefold()))
    is_offset = any(character in text for character in "+:")  # `Etc/GMT+1` is one hour behind UTC
    if is_offset or not (meant or len(text) > _ABBREVIATION):
        return _ZONE
    return did_you_mean(name, meant or known) or _ZONE


@cache
def _timezones() -> frozenset[str]:
    """Return the names in the IANA database. The files of an operating system may have fewer, or more."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def upcoming(fields: Fields, after: datetime) -> tuple[str, ...]:
    """Return the next three times of a schedule, as RFC 3339 in its time zone; none where the schedule is not valid."""
    expression, name, run_at = fields.get("expression"), fields.get("timezone"), fields.get("run_at")
    if isinstance(run_at, int):
        return (datetime.fromtimestamp(run_at, UTC).isoformat(),) if run_at > after.timestamp() else ()
    if not isinstance(expression, str) or name not in _timezones() or any(check_expression(expression)):
        return ()
    found = _times(expression, after.astimezone(ZoneInfo(name)))
    return tuple(moment.isoformat() for moment in islice(found, _RUNS))


def has_passed(fields: Fields, now: datetime) -> str:
    """Return `run_at` if it is not in the future; empty otherwise."""
    run_at = fields.get("run_at")
    return "run_at" if isinstance(run_at, int) and run_at <= now.timestamp() else ""


def _times(expression: str, after: datetime) -> Iterator[datetime]:
    """Yield the times of an expression, in the time zone of `after`; none if it never fires."""
    from cronsim import CronSim, CronSimError

    try:
        yield from CronSim(expression, after)
    except CronSimError:
        return
