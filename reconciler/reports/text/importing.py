"""An import as text: each manifest with its live object, what was left out or added, and what to do next."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.importing.model import Imported, Origin
from reconciler.reports.style import Style, cells, clip, count, plain, wrap
from reconciler.resources.name_lists import few
from reconciler.resources.problems import command_text

_NAME_CELLS: Final = 60
_WITHOUT_OBJECT: Final = ("request", "response")
"""Types of origins that cannot be adopted."""


def import_text(done: Imported, *, style: Style) -> str:
    """Return the lines for a terminal. A line about several objects is printed once, after the manifests."""
    origins = sorted(done.origins, key=lambda origin: _in_order(origin.address))
    said: dict[str, list[Origin]] = defaultdict(list)
    for origin in origins:
        for line in _said(origin):
            said[line].append(origin)
    lines: list[str] = []
    for origin in origins:
        lines.append(f"{origin.address}  from {_object(origin.type, origin.id, origin.name)}")
        lines += (f"    {line}" for line in _said(origin) if len(said[line]) == 1)
    shared = {line: those for line, those in said.items() if len(those) > 1}
    for line, those in shared.items():
        lines += [f"{len(those)} manifests ({few([one.address for one in those])})", f"    {line}"]
    lines += [*_equal_names(origins), *_skipped(done)]
    return "\n".join([*(part for line in lines for part in _wrapped(line, style.width)), *_next(done)])


def _wrapped(line: str, width: int) -> list[str]:
    """Return a line as lines of at most `width` columns with its indentation."""
    lead = " " * (len(line) - len(line.lstrip()))
    return [line] if cells(line) <= width else wrap(line, width, lead=lead, hang=f"{lead}    ")


def _said(origin: Origin) -> Iterator[str]:
    yield from (f"not imported: {plain(loss)}" for loss in origin.losses)
    yield from (f"added: {plain(note)}" for note in origin.notes)


def _equal_names(origins: Iterable[Origin]) -> Iterator[str]:
    """Yield a line for each name that several live objects of a type have."""
    called: dict[tuple[str, str], list[str]] = defaultdict(list)
    for origin in origins:
        if origin.name and origin.type not in _WITHOUT_OBJECT:
            called[origin.type, origin.name].append(origin.address)
    for (type_, name), addresses in called.items():
        if len(addresses) > 1:
            shown = f'"{clip(plain(name), _NAME_CELLS)}"'
            objects = f"{len(addresses)} {_words(type_)}s have the name {shown}"
            yield f"{objects}: delete the manifests of those that you do not want to manage ({few(addresses)})"


def _skipped(done: Imported) -> Iterator[str]:
    """Yield the objects that were not imported, under their reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    excluding = {one.why for one in done.skipped if one.excluded_by}
    for one in done.skipped:
        by_reason[one.why].append(_object(one.type, one.id, one.name))
    for why, objects in by_reason.items():
        if len(objects) == 1:
            yield f"skipped: {objects[0]}: {plain(why)}"
        elif why in excluding:
            yield f"skipped {len(objects)} objects: {plain(why)} ({few(objects)})"
        else:
            yield f"skipped {len(objects)} objects: {plain(why)}"
            yield from (f"    {one}" for one in objects)


def _next(done: Imported) -> Iterator[str]:
    if done.written:
        following = "adopt" if any(one.type not in _WITHOUT_OBJECT for one in done.origins) else "plan"
        files = count(len(done.written), "file")
        following = command_text(done.environment, following)
        yield from ("", f"Wrote {files} to {done.root}.", f"Next: reconciler validate, then {following}")
    elif not done.problems:
        yield "Nothing to import."


def _object(type_: str, id_: str, name: str) -> str:
    called = f" ({clip(plain(name), _NAME_CELLS)})" if name else ""
    return f"{_words(type_)} {plain(id_)}{called}"


def _words(type_: str) -> str:
    return type_.replace("_", " ")


def _in_order(address: str) -> list[tuple[bool, int, str]]:
    """Return the key of an order in which `bot-2` is before `bot-10`."""
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", address)]
