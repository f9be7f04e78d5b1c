"""The result of `doctor` as text: a line for each result, with the next step below it."""

from typing import Final

from reconciler.project.health import CheckName, Condition, Health, HealthLine
from reconciler.reports.style import Look, Style, count, pad, plain, wrap

_LOOKS: Final[dict[Condition, Look]] = {"ok": "green", "unknown": "dim", "warning": "yellow", "failure": "red"}
_TITLES: Final[dict[CheckName, str]] = {"openai-project": "project"}
"""Titles of checks that are not their names."""
_WORD: Final = max(map(len, _LOOKS)) + 2


def doctor_text(health: Health, *, style: Style) -> str:
    """Return the results in the order of the checks, and how many there are."""
    width = max((len(_title(line)) for line in health.lines), default=0) + 2
    lines = [text for line in health.lines for text in _lines(line, width, style)]
    where = [] if health.project else [*wrap("Not in a project: only what needs none was checked.", style.width), ""]
    return "\n".join([*where, *lines, "", _total(health)]) + "\n"


def _title(line: HealthLine) -> str:
    name = _TITLES.get(line.check, line.check)
    return f"{name} ({plain(line.environment)})" if line.environment else name


def _lines(line: HealthLine, width: int, style: Style) -> list[str]:
    found = line.result
    lead = f"{pad(found.condition, _WORD)}{pad(_title(line), width)}"
    hang = " " * min(_WORD + width, max(style.width // 2, _WORD))
    first, *others = wrap(found.message, style.width, lead=lead, hang=hang)
    painted = style.paint(found.condition, _LOOKS[found.condition]) + first[len(found.condition) :]
    hints = wrap(found.hint, style.width, lead=f"{hang}-> ", hang=f"{hang}   ") if found.hint else []
    return [painted, *others, *hints]


def _total(health: Health) -> str:
    unknown = [f"{health.of('unknown')} unknown"] if health.of("unknown") else []
    counts = [
        f"{health.of('ok')} ok",
        *unknown,
        count(health.of("warning"), "warning"),
        count(health.of("failure"), "failure"),
    ]
    return ", ".join(counts) + "."
