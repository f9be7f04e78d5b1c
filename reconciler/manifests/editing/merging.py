"""Merging of canonical values into the values of a manifest, so that only differences change."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from reconciler.manifests.editing.edits import UneditableError, edited
from reconciler.manifests.editing.templates import LostVariableError, escaped, rewritten
from reconciler.manifests.includes import Source
from reconciler.manifests.parsing import parse_document
from reconciler.manifests.variables import Variables
from reconciler.resources.base import Path
from reconciler.resources.list_items import Identity, Items, sources_of
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference, same
from reconciler.resources.variables import PREFIX

Keyed = Callable[[Sequence[JSON]], Mapping[str, JSON]]
"""Returns the canonical form of a list of named items: a mapping by name."""
Split = Callable[[Path, JSON], Sequence[JSON]]
"""Returns the canonical items that one item of the list at a path stands for."""
Identify = Callable[[Path], Identity]
"""Returns the identity of the items of the list at a path, as the models declare it."""


@dataclass(frozen=True)
class Obstacle:
    """The reason that a value cannot be written."""

    path: Path
    """Path of the value inside the document."""
    message: str
    hint: str


@dataclass
class Merger:
    """Writes canonical values into one document and the files it includes."""

    includes: Mapping[Path, Source]
    variables: Variables
    keyed: Keyed
    split: Split
    identify: Identify
    files: dict[str, str] = field(default_factory=dict)
    """New texts of included files, by path."""
    obstacles: list[Obstacle] = field(default_factory=list)

    def merged(self, raw: JSON, written: JSON, old: JSON, new: JSON, path: Path) -> JSON:
        """Return `raw`, the value at `path`, changed so that its canonical value is `new` instead of `old`.

        `written` is `raw` with its includes, as dumped by its model.
        """
        if same(old, new):
            return raw
        source = self.includes.get(path)
        if source:
            self.include(source, written, old, new, path)
            return raw
        return self.value(raw, written, old, new, path)

    def value(self, raw: JSON, written: JSON, old: JSON, new: JSON, path: Path) -> JSON:
        if isinstance(raw, str) and PREFIX in raw:
            return self.template(raw, new, path)
        if isinstance(old, dict) and isinstance(new, dict) and not (is_reference(old) or is_reference(new)):
            if isinstance(raw, dict):
                return self.mapping(raw, written, old, new, path)
            if isinstance(raw, list):
                return self.items_by_name(raw, written, old, new, path)
        if isinstance(raw, list) and isinstance(old, list) and isinstance(new, list):
            return self.items(raw, written, old, new, path)
        return self.plain(new)

    def mapping(self, raw: dict[str, JSON], written: JSON, old: JSON, new: JSON, path: Path) -> JSON:
        made = dict(raw)
        extra: dict[str, JSON] = raw["extra"] if isinstance(raw.get("extra"), dict) else {}
        inner = dict(extra)
        for key in [*old, *(key for key in new if key not in old)]:
            home, at = (inner, (*path, "extra", key)) if key in extra and key not in raw else (made, (*path, key))
            if key not in new:
                home.pop(key, None)
            elif key not in old or not same(old[key], new[key]):
                known = key in home and key in old
                home[key] = (
                    self.merged(home[key], written.get(key), old[key], new[key], at) if known else self.plain(new[key])
                )
        return {**made, "extra": inner} if inner != extra else made

    def items_by_name(self, raw: list[JSON], written: Sequence[JSON], old: JSON, new: JSON, path: Path) -> JSON:
        """Merge a list whose items the canonical form identifies by name and not by position, such as tools."""
        free = dict(old)
        before = [free.pop(self.name(item, free)) for item in written]
        after = list(new.values())
        sources = sources_of(before, after, lambda item: next(iter(self.keyed([item]))))
        partners = {source: item for item, source in zip(after, sources, strict=True) if source is not None}
        made = [
            (self.merged(item, written[index], before[index], partners[index], (*path, index)), index)
            for index, item in enumerate(raw)
            if index in partners
        ]
        added = [(self.neat(item), None) for item, source in zip(after, sources, strict=True) if source is None]
        return Items.of([*made, *added])

    def name(self, written: JSON, free: Mapping[str, JSON]) -> str:
        """Return the name of an item among the `free` names. Items with the same name are numbered by content."""
        ((name, value),) = self.keyed([written]).items()
        numbered = [other for other in free if other == name or other.startswith(f"{name}#")]
        return next((other for other in numbered if same(free[other], value)), numbered[0])

    def items(self, raw: list[JSON], written: Sequence[JSON], old: list[JSON], new: list[JSON], path: Path) -> JSON:
        """Merge a list. Items keep their places if the list has no order; otherwise they are in the new order."""
        places = _places([self.split(path, item) for item in written], old)
        if places is None:
            return [self.plain(one) for one in new]
        sources = sources_of(old, new, self.identify(path))
        self.pair_templates(sources, raw, places, new)
        partners = {source: at for at, source in enumerate(sources) if source is not None}
        made: dict[int, tuple[JSON, int | None]] = {}
        """Merged items with their index in `raw`, by position in `new`."""
        for index, own in enumerate(places):
            kept = [partners[place] for place in own if place in partners]
            if kept:
                pairs = [old[place] for place in own], [new[at] for at in kept]
                made[kept[0]] = self.item(raw[index], written[index], *pairs, (*path, index)), index
        added = [(self.plain(one), None) for one, source in zip(new, sources, strict=True) if source is None]
        if [place for own in places for place in own] != list(range(len(old))):
            return Items.of([*made.values(), *added])
        waiting = iter(added)
        order = (made.get(at) if source is not None else next(waiting) for at, source in enumerate(sources))
        return Items.of([one for one in order if one])

    def item(self, raw: JSON, written: JSON, old: Sequence[JSON], new: Sequence[JSON], path: Path) -> JSON:
        """Merge an item that stands for several canonical items, such as an edge with a list of sources."""
        if len(old) == 1:
            return self.merged(raw, written, old[0], new[0], path)
        if len(old) == len(new) and all(map(same, old, new)):
            return raw
        parts = [self.plain(one) for one in new]
        return {
            key: [part[key] for part in parts] if isinstance(raw.get(key), list) else value
            for key, value in parts[0].items()
        }

    def pair_templates(
        self, sources: list[int | None], raw: Sequence[JSON], places: Sequence[Sequence[int]], new: Sequence[JSON]
    ) -> None:
        """Pair changed texts with variables with the added texts, so that the variables are kept."""
        paired = set(sources)
        found = {
            place
            for text, own in zip(raw, places, strict=True)
            for place in own
            if place not in paired and isinstance(text, str) and PREFIX in text
        }
        added = [at for at, source in enumerate(sources) if source is None and isinstance(new[at], str)]
        if len(found) == len(added):
            for at, place in zip(added, sorted(found), strict=True):
                sources[at] = place

    def template(self, raw: str, new: JSON, path: Path) -> JSON:
        whole = raw.startswith(PREFIX) and raw.find("}") == len(raw) - 1
        try:
            if isinstance(new, str) and not whole:
                return rewritten(raw, new, self.variables)
            lost = raw
        except LostVariableError as error:
            lost = error.variable
        hint = "change the variable in project.yaml, or replace it here with its value, then pull again"
        message = f"{_dotted(path)} uses {lost}, and the live value does not contain the value of that variable"
        self.obstacles.append(Obstacle(path, message, hint))
        return raw

    def include(self, source: Source, written: JSON, old: JSON, new: JSON, path: Path) -> None:
        if isinstance(new, str) and "\r" in new:
            hint = "replace the `$file` with the value, then pull again; or let `apply` revert the drift"
            message = f"the live value of {_dotted(path)} has carriage returns, which are not read from {source.path}"
            self.obstacles.append(Obstacle(path, message, hint))
        elif isinstance(new, str):
            self.files[source.path] = self.included_text(source, new, path)
        elif not source.structured:
            hint = "replace the `$file` with the value, then pull again"
            message = f"the live value of {_dotted(path)} is not a text, but {source.path} is a text file"
            self.obstacles.append(Obstacle(path, message, hint))
        else:
            inner = Merger({}, self.variables, self.keyed, self.split, self.identify, obstacles=self.obstacles)
            value = inner.value(source.value, written, old, new, path)
            try:
                is_json = source.path.endswith(".json")
                self.files[source.path] = _json(source, value) if is_json else edited(source.text, value)
            except UneditableError as error:
                message = f"{_dotted(path)} is included from {source.path}, line {error.line}: {error.message}"
                self.obstacles.append(Obstacle(path, message, f"edit {source.path} by hand"))

    def included_text(self, source: Source, new: str, path: Path) -> str:
        """Return the new text of a file, with its line ends. The line break at its end is not part of the value."""
        raw = source.content
        text = str(self.template(raw, new, path)) if PREFIX in raw else escaped(new)
        text += "\n" if source.text.endswith(("\n", "\r")) or text.endswith("\n") else ""
        return text.replace("\n", "\r\n") if "\r\n" in source.text else text

    def refuse(self, path: Path, message: str, hint: str) -> None:
        """Report what cannot be written."""
        self.obstacles.append(Obstacle(path, message, hint))

    def plain(self, value: JSON) -> JSON:
        """Return a canonical value in the form of a manifest."""
        if is_reference(value):
            return value[ADDRESS_KEY].partition("/")[2]
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        return escaped(value) if isinstance(value, str) else value

    def neat(self, tool: Mapping[str, JSON]) -> JSON:
        """Return a new tool in the form of a manifest, without the values that are defaults."""
        kept = dict(tool)
        full = self.keyed([kept])
        for key, value in tool.items():
            less = {name: item for name, item in kept.items() if name != key}
            if key != "type" and not (isinstance(value, dict) and value) and same(self.keyed([less]), full):
                kept = less
        nested = kept.get("tools")
        plain = self.plain(kept)
        return {**plain, "tools": [self.neat(one) for one in nested.values()]} if isinstance(nested, dict) else plain


def _places(parts: Sequence[Sequence[JSON]], old: Sequence[JSON]) -> list[list[int]] | None:
    """Return the indices in `old` of the canonical items that each item of a list stands for; None if they are not
    known.
    """
    free: dict[str, list[int]] = defaultdict(list)
    for index in reversed(range(len(old))):
        free[json.dumps(old[index], sort_keys=True)].append(index)
    keys = [[json.dumps(part, sort_keys=True) for part in own] for own in parts]
    if all(key in free for own in keys for key in own):
        return [[free[key].pop() if len(free[key]) > 1 else free[key][0] for key in own] for own in keys]
    return [[index] for index in range(len(old))] if len(parts) == len(old) else None


def _dotted(path: Path) -> str:
    return ".".join(map(str, path[1:]))


def _json(source: Source, value: JSON) -> str:
    """Return the JSON text with another value. Standard layouts are written again; others are edited as YAML."""
    if _dumped(source, source.value) != source.text and not parse_document(source.text, "").problems:
        text = edited(source.text, value)
        with suppress(json.JSONDecodeError):
            if same(json.loads(text), value):
                return text
    return _dumped(source, value)


def _dumped(source: Source, value: JSON) -> str:
    """Return `value` as JSON with the indentation, the line ends and the escapes of the file."""
    indent = re.search(r"\n([ \t]+)\S", source.text)
    text = json.dumps(value, indent=indent[1] if indent else None, ensure_ascii="\\u" in source.text)
    end = re.search(r"\s*\Z", source.text)
    newline = "\r\n" if "\r\n" in source.text else "\n"
    return text.replace("\n", newline) + (end[0] if end else "")
