"""The differences between two versions of a chatbot: objects, then files, then the values of variables."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.releases.comparison import Comparison, FileChange, ObjectChange, VariableChange
from reconciler.reports.style import Look, Style, first_few, joined, plain, section
from reconciler.reports.text.fields import field_lines, summary_lines
from reconciler.reports.views.fields import ShownField

_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}
_LOOKS: Final[dict[str, Look]] = {"+": "green", "-": "red", "~": "yellow"}
_DIGITS: Final = 12


def comparison_text(found: Comparison, style: Style) -> str:
    """All of it, with a diff of every text."""
    title = style.paint(f"{plain(found.before)} -> {plain(found.after)}", "bold")
    if found.same:
        return f"{title}: nothing changed.\n"
    seen = f", with the values of {plain(found.environment)}" if found.environment else ""
    return joined(
        [
            [title + seen],
            section("Objects", [line for one in found.objects for line in _object(one, style)], style),
            section("Files", [_file(one, style) for one in found.files], style),
            section("Variables", [line for one in found.variables for line in _variable(one, style)], style),
        ]
    )


def comparison_brief(found: Comparison) -> list[str]:
    """A line for each object, and one for all files and all variables."""
    lines = [f"  {_SIGNS[one.word]} {plain(str(one.address))}{_paths(one)}" for one in found.objects]
    lines += _few("files", [one.path for one in found.files])
    return lines + _few("variables", list(dict.fromkeys(one.name for one in found.variables)))


def _few(title: str, names: Sequence[str]) -> list[str]:
    return [f"  ~ {title}: {' '.join(first_few(names))}"] if names else []


def _paths(one: ObjectChange) -> str:
    if one.word != "changed":
        return ""
    fields = dict.fromkeys(str(item.keys[0]) for item in one.fields)
    return ": " + " ".join(first_few(list(fields)))


def _object(one: ObjectChange, style: Style) -> Iterator[str]:
    sign = _SIGNS[one.word]
    yield f"  {style.paint(sign, _LOOKS[sign])} {style.paint(plain(str(one.address)), 'bold')}"
    lines = field_lines if one.word == "changed" else summary_lines
    fields = [ShownField(item.keys, item.before, item.after) for item in one.fields]
    yield from lines(fields, style, indent=6)


def _file(one: FileChange, style: Style) -> str:
    sign = "+" if one.before is None else "-" if one.after is None else "~"
    hashes = " -> ".join(side[:_DIGITS] for side in (one.before, one.after) if side)
    return f"  {style.paint(sign, _LOOKS[sign])} {plain(one.path)}  {style.paint(hashes, 'dim')}"


def _variable(one: VariableChange, style: Style) -> list[str]:
    path = (one.environment, one.name) if one.environment else (one.name,)
    return field_lines([ShownField(path, one.before, one.after)], style, indent=2)
