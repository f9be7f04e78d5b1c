"""The differences between the version of a chatbot that answers now and the next one, as all reports show them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.planning.model import ChangeWord, PartChange, VersionChange
from reconciler.reports.style import more
from reconciler.resources.address import Address
from reconciler.resources.name_lists import few
from reconciler.resources.problems import env_option

if TYPE_CHECKING:
    from reconciler.releases.comparison import Comparison, FileChange, ObjectChange

VERSIONS: Final = "What changes for users"
EQUAL: Final = "No differences: both releases answer alike."
SIGNS: Final[dict[ChangeWord, str]] = {"added": "+", "removed": "-", "changed": "~"}
_MOST: Final = 8
"""The number of objects that are listed."""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """An object that differs; without a sign, the number of further ones."""

    sign: str
    address: str
    what: str = ""
    """The fields that differ."""


@dataclass(frozen=True, slots=True)
class VersionView:
    """The differences between two releases, not escaped."""

    title: str
    lines: tuple[VersionLine, ...]
    command: str
    """The command that shows them in full."""


def version_views(changes: Sequence[VersionChange], environment: str | None) -> tuple[VersionView, ...]:
    """Return the views of the differences in a plan."""
    return tuple(_of_plan(one, environment) for one in changes)


def comparison_view(found: "Comparison", chatbot: str) -> VersionView:
    """Return the view of the comparison of two releases of a chatbot."""
    lines = [*_parts(list(map(_part, found.objects))), *_files({one.path: _word(one) for one in found.files})]
    if variables := list(dict.fromkeys(one.name for one in found.variables)):
        lines.append(VersionLine("~", "variables", few(variables)))
    return _view(chatbot, found.before, found.after, lines, found.environment)


def _part(one: "ObjectChange") -> PartChange:
    fields = tuple(dict.fromkeys(str(item.keys[0]) for item in one.fields))
    named = next((item for item in one.fields if item.keys == ("model",)), None)
    models = ((str(named.before),), (str(named.after),)) if named and one.word == "changed" else ()
    return PartChange(str(one.address), one.word, fields, models)


def _of_plan(one: VersionChange, environment: str | None) -> VersionView:
    lines = [*_parts(one.parts), *_files(dict(one.files))]
    return _view(one.chatbot, one.before, one.after, lines, environment)


def _view(chatbot: str, before: str, after: str, lines: Sequence[VersionLine], environment: str | None) -> VersionView:
    names = " ".join(Address.parse(release).name for release in (before, after))
    command = f"reconciler diff {names}{env_option(environment)}"
    return VersionView(f"{chatbot}: {before} -> {after}", tuple(lines), command)


def _parts(parts: Sequence[PartChange]) -> Iterator[VersionLine]:
    for part in parts[:_MOST]:
        what = few(part.fields, 5) if part.change == "changed" else ""
        if part.models:
            before, after = (few(names) or "none" for names in part.models)
            what += f"; {before} -> {after}"
        yield VersionLine(SIGNS[part.change], part.address, what)
    if len(parts) > _MOST:
        yield VersionLine("", more(len(parts) - _MOST))


def _files(words: Mapping[str, ChangeWord]) -> Iterator[VersionLine]:
    """Yield one line for all files, with their sign if it is the same for all of them."""
    if words:
        found = {*words.values()}
        yield VersionLine(SIGNS[found.pop() if len(found) == 1 else "changed"], "files", few(list(words)))


def _word(one: "FileChange") -> ChangeWord:
    return "added" if one.before is None else "removed" if one.after is None else "changed"
