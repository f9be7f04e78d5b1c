"""`$file` and `${var.name}` in a document, after parsing. What has neither is not copied."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.folder import UnreadableError
from reconciler.manifests.includes import Source, Sources
from reconciler.manifests.parsing import MAX_NODES
from reconciler.manifests.variables import Variables
from reconciler.resources.base import Path
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import ADDRESS_KEY, JSON
from reconciler.resources.variables import PREFIX

MAX_INCLUDED_NODES: Final = 5_000_000
"""Values of structured files that one run may include, each use counted."""

UNREADABLE: Final = object()
"""Stands in a value for an included file that has no structure; no model takes it for anything else."""

Where = Callable[[Path, bool], Place]
"""The position of the value at a path, or of the key at its end."""


@dataclass
class Expander:
    """Included files and variables of one run."""

    sources: Sources
    variables: Variables
    nodes: int = 0
    texts: dict[str, tuple[str, tuple[Problem, ...]]] = field(default_factory=dict)
    structures: dict[str, tuple[JSON, "Expansion"]] = field(default_factory=dict)
    hint: Callable[[str, UnreadableError], str] = lambda _path, error: error.hint
    """What to do about a path that cannot be read."""

    def text(self, source: Source) -> tuple[str, tuple[Problem, ...]]:
        """The file's text with variables, without one newline at its end."""
        if source.path not in self.texts:
            raw = source.content
            text, unknown = self.variables.substitute(raw)
            problems = [
                Problem("unknown-variable", one.message, source.place_of(one.offset), one.hint) for one in unknown
            ]
            doubtful = self.variables.miswritten(raw)
            problems += (_miswritten(name, source.place_of(offset)) for offset, name in doubtful)
            self.texts[source.path] = str(text), tuple(problems)
        return self.texts[source.path]

    def structure(self, source: Source) -> tuple[JSON, "Expansion"]:
        """The file's value with variables, shared by all that include it, and what became of that."""
        if source.path not in self.structures:
            expansion = Expansion(self, source.where, included=True)
            self.structures[source.path] = expansion.expand(source.value), expansion
        return self.structures[source.path]


@dataclass
class Expansion:
    """The expansion of one document."""

    expander: Expander
    where: Where
    included: bool = False
    """Whether the document is itself included: it cannot include others then."""
    includes: dict[Path, Source] = field(default_factory=dict)
    texts: dict[Path, Source] = field(default_factory=dict)
    """JSON and YAML files of which the text is wanted."""
    problems: list[Problem] = field(default_factory=list)
    failed: set[Path] = field(default_factory=set)
    """Where an include or a variable is missing: a problem tells of it, nothing needs to be said about the value."""
    nodes: int = 0

    def expand(self, value: JSON, path: Path = ()) -> JSON:
        """`value`, which stands at `path`, with what it includes; the same object where there is nothing to do."""
        if isinstance(value, str):
            return self._substitute(value, path) if "$" in value else value
        if isinstance(value, dict):
            expand = self._special if any(map(_is_dollar, value)) else self._mapping
            return expand(value, path)
        if isinstance(value, list):
            return self._items(value, enumerate(value), path)
        return value

    def _mapping(self, value: Mapping[str, JSON], path: Path) -> JSON:
        return self._items(value, value.items(), path)

    def _items(self, value: JSON, items: Iterable[tuple[str | int, JSON]], path: Path) -> JSON:
        changed: JSON = None
        for key, item in items:
            new = self.expand(item, (*path, key))
            if new is not item:
                changed = value.copy() if changed is None else changed
                changed[key] = new
        return value if changed is None else changed

    def _substitute(self, text: str, path: Path) -> JSON:
        value, unknown = self.expander.variables.substitute(text)
        for one in unknown:
            self.problems.append(Problem("unknown-variable", one.message, self.where(path, False), one.hint))
            self.failed.add(path)
        for offset, name in self.expander.variables.miswritten(text):
            del offset
            self.problems.append(_miswritten(name, self.where(path, False)))
        return value

    def _special(self, value: Mapping[str, JSON], path: Path) -> JSON:
        if "$file" in value:
            return self._include(value, path)
        for key in value:
            if key == "$env":
                hint = "secrets are read only by fields that hold one, and no kind has such a field yet"
                self._report("secret-not-allowed", "a secret cannot stand here", (*path, key), hint)
            elif key == ADDRESS_KEY:
                self._report(
                    "reserved-key", f"`{ADDRESS_KEY}` is reserved", (*path, key), "write the name of the object"
                )
            elif PREFIX in key:
                self._report("variable-in-key", "variables are for values, not for keys", (*path, key))
        return self._mapping(value, path)

    def _include(self, value: Mapping[str, JSON], path: Path) -> JSON:
        name = value["$file"]
        if len(value) > 1 or not isinstance(name, str):
            self._report("bad-include", "`$file` stands alone, with a path", (*path, "$file"), "{$file: prompts/x.md}")
            return self._failed(path)
        if self.included:
            self._report("nested-include", "an included file cannot include another", (*path, "$file"))
            return self._failed(path)
        try:
            source = self.expander.sources(name)
        except UnreadableError as error:
            place = self.where((*path, "$file"), False)
            hint = self.expander.hint(name, error)
            self.problems.append(Problem(error.code, f"{name} {error.message}", place, hint))
            return self._failed(path)
        self.includes[path] = source
        return self._structure(source, path) if source.structured else self.text(source)

    def text(self, source: Source) -> str:
        text, problems = self.expander.text(source)
        self.problems += problems
        return text

    def _structure(self, source: Source, path: Path) -> JSON:
        self.nodes += source.nodes
        self.expander.nodes += source.nodes
        if self.nodes > MAX_NODES or self.expander.nodes > MAX_INCLUDED_NODES:
            self._report("too-large", "too many values are included", (*path, "$file"))
            return self._failed(path)
        if source.problems:
            return UNREADABLE
        return self.expander.structure(source)[0]

    def settle(self) -> None:
        """Add the problems of included structures: only now is it clear which are wanted, and not their text."""
        for path, source in self.includes.items():
            if source.structured and source.problems:
                self.problems += source.problems
                self.failed.add(path)
            elif source.structured and path not in self.failed:
                inner = self.expander.structure(source)[1]
                self.problems += inner.problems
                self.failed.update((*path, *failed) for failed in inner.failed)

    def _failed(self, path: Path) -> object:
        self.failed.add(path)
        return UNREADABLE

    def _report(self, code: str, message: str, key: Path, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.where(key, True), hint))


def _miswritten(name: str, place: Place) -> Problem:
    hint = f"write ${{var.{name}}} if the variable is meant; any other `$` is plain text"
    return Problem("miswritten-variable", f"this stays as it is written: {name} is a variable", place, hint, "warning")


def _is_dollar(key: str) -> bool:
    return key.startswith("$") or PREFIX in key
