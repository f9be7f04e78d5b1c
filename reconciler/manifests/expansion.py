"""Expansion of `$file` and `${var.name}` in a parsed document. Values that contain neither are not copied."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reconciler.manifests.folder import UnreadableError
from reconciler.manifests.includes import Source, Sources, text_size
from reconciler.manifests.limits import LESS, MAX_EXPANDED, MAX_NODES, Allowance, repeated_too_much, size_of
from reconciler.manifests.variables import Variables
from reconciler.resources.assistants.server_secrets import contains_secret
from reconciler.resources.base import Path
from reconciler.resources.problems import Place, Problem
from reconciler.resources.secrets import ENV, ENV_NAME, INSTEAD, EnvReference
from reconciler.resources.values import ADDRESS_KEY, JSON
from reconciler.resources.variables import PREFIX

MAX_INCLUDED_NODES: Final = 5_000_000
"""Largest number of values of structured files that one run may include; each use counts."""

_IN_MANIFEST: Final = "write `{$env: NAME}` in the manifest itself, in a field that has a secret"
UNREADABLE: Final = object()
"""Placeholder for an included file whose structure cannot be read; not valid for any model."""

Where = Callable[[Path, bool], Place]
"""Returns the place of the value at a path, or of the key at its end."""


@dataclass
class Expander:
    """Included files and variables of one run."""

    sources: Sources
    variables: Variables
    allowance: Allowance = field(default_factory=Allowance)
    nodes: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    """Bytes of the included files after expansion, by path."""
    texts: dict[str, tuple[str, tuple[Problem, ...]]] = field(default_factory=dict)
    structures: dict[str, tuple[JSON, "Expansion"]] = field(default_factory=dict)
    hint: Callable[[str, UnreadableError], str] = lambda _path, error: error.hint
    """Returns the next step for a path that cannot be read."""

    def without_results(self) -> "Expander":
        """Return an expander of the same files and variables that has expanded nothing yet."""
        variables = Variables(self.variables.values, self.variables.texts)
        return Expander(self.sources, variables, hint=self.hint)

    def text(self, source: Source) -> tuple[str, tuple[Problem, ...]]:
        """Return the text of a file with its variables replaced, without its final newline, and the problems in it."""
        if source.path not in self.texts:
            raw = source.content
            text, unknown = self.variables.inside(raw)
            problems = [
                Problem("unknown-variable", one.message, source.place_of(one.offset), one.hint) for one in unknown
            ]
            miswritten = self.variables.miswritten(raw)
            problems += (_miswritten(name, source.place_of(offset)) for offset, name in miswritten)
            self.texts[source.path] = text, tuple(problems)
        return self.texts[source.path]

    def structure(self, source: Source) -> tuple[JSON, "Expansion"]:
        """Return the value of a file with its variables replaced, and its expansion. All documents that include the
        file share them.
        """
        if source.path not in self.structures:
            expansion = Expansion(self, source.where, included=True)
            self.structures[source.path] = expansion.expand(source.value), expansion
        return self.structures[source.path]

    def size(self, source: Source) -> tuple[int, int]:
        """Return the bytes of a file after expansion, and those of them that an earlier use has added already."""
        if source.path in self.sizes:
            return self.sizes[source.path], self.sizes[source.path]
        structured = source.structured and not source.problems
        value = self.structure(source)[0] if structured else self.text(source)[0]
        written = size_of(source.text)
        size = self.sizes[source.path] = max(written, text_size(value))
        return size, size - written


@dataclass
class Expansion:
    """The expansion of one document."""

    expander: Expander
    where: Where
    place_in: Callable[[Path, int], Place] | None = None
    """Returns the place of a character of the text at a path; None if that of the text is sufficient."""
    included: bool = False
    """True for an included document, which cannot include others."""
    includes: dict[Path, Source] = field(default_factory=dict)
    texts: dict[Path, Source] = field(default_factory=dict)
    """JSON and YAML files that are included as text."""
    problems: list[Problem] = field(default_factory=list)
    failed: set[Path] = field(default_factory=set)
    """Paths at which an include or a variable is missing. `problems` reports it; the value is not checked further."""
    variables: dict[Path, str] = field(default_factory=dict)
    """Names of the variables that are a whole value, by path."""
    secrets: dict[Path, EnvReference] = field(default_factory=dict)
    """References to environment variables. Whether a field accepts one is known only to its model."""
    accepted: set[int] = field(default_factory=set)
    """Ids of the references that a field has accepted."""
    nodes: int = 0
    size: int = 0
    """Bytes that aliases, included files and variables add to the document."""
    is_full: bool = False

    def expand(self, value: JSON, path: Path = ()) -> JSON:
        """Return the value at `path` with files included and variables replaced; the same object if there are none."""
        if isinstance(value, str):
            return self._substitute(value, path) if "$" in value else value
        if isinstance(value, dict):
            if any(key.startswith("$") or PREFIX in key for key in value):
                return self._special(value, path)
            return self._items(value, value.items(), path)
        if isinstance(value, list):
            return self._items(value, enumerate(value), path)
        return value

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
        if name := self.expander.variables.whole(text):
            self.variables[path] = name
        for one in unknown:
            self.problems.append(Problem("unknown-variable", one.message, self._place(path, one.offset), one.hint))
            self.failed.add(path)
        for offset, name in self.expander.variables.miswritten(text):
            self.problems.append(_miswritten(name, self._place(path, offset)))
        added = size_of(value) - len(text) if isinstance(value, str) else 0
        return value if added <= 0 or self._fits(added, added, path) else self._failed(path)

    def _place(self, path: Path, offset: int) -> Place:
        return self.place_in(path, offset) if self.place_in else self.where(path, False)

    def _fits(self, size: int, repeated: int, path: Path) -> bool:
        """Add `size` bytes to the document; return False, with one problem a document, if they are too many."""
        self.size += size
        in_project = self.expander.allowance.take(repeated)
        if in_project and self.size <= MAX_EXPANDED:
            return True
        if not self.is_full:
            most = MAX_EXPANDED // 2**20
            message = f"aliases, included files and variables add more than {most} MiB of text to this document"
            place = self.where(path, False)
            self.problems.append(Problem("too-large", message if in_project else repeated_too_much(), place, LESS))
        self.is_full = True
        return False

    def _special(self, value: Mapping[str, JSON], path: Path) -> JSON:
        if "$file" in value:
            return self._include(value, path)
        if ENV in value:
            return self._secret(value, path)
        for key in value:
            if key == ADDRESS_KEY:
                self._report(
                    "reserved-key", f"`{ADDRESS_KEY}` is reserved", (*path, key), "write the name of the object"
                )
            elif PREFIX in key:
                self._report("variable-in-key", "variables are not replaced in keys, only in values", (*path, key))
        return self._items(value, value.items(), path)

    def _secret(self, value: Mapping[str, JSON], path: Path) -> JSON:
        """Return the reference to an environment variable. The text of a wrong one may be a secret: it is not shown."""
        at = (*path, ENV)
        if self.included:
            self._report("secret-not-allowed", "an included file cannot refer to a secret", at, _IN_MANIFEST)
            return self._failed(path)
        name = self._substitute(value[ENV], at) if isinstance(value[ENV], str) else None
        if at in self.failed:
            return self._failed(path)
        if len(value) > 1 or not isinstance(name, str) or not ENV_NAME.fullmatch(name):
            message = (
                f"`{ENV}` must be the only key of its mapping, with the name of an environment variable as its value"
            )
            hint = f"write, for example, `{{{ENV}: CRM_TOKEN}}`: letters, digits and underscores, no digit first"
            self._report("bad-secret", message, at, hint)
            return self._failed(path)
        if contains_secret(name):
            message = f"the text of `{ENV}` is a secret, and not the name of an environment variable"
            self._report("secret-as-text", message, at, INSTEAD)
            return self._failed(path)
        self.secrets[path] = EnvReference(name)
        return self.secrets[path]

    def _include(self, value: Mapping[str, JSON], path: Path) -> JSON:
        name = value["$file"]
        if len(value) > 1 or not isinstance(name, str):
            message = "`$file` must be the only key of its mapping, with a path as its value"
            self._report("bad-include", message, (*path, "$file"), "write, for example, `{$file: prompts/x.md}`")
            return self._failed(path)
        if self.included:
            self._report("nested-include", "an included file cannot include another file", (*path, "$file"))
            return self._failed(path)
        try:
            source = self.expander.sources(name)
        except UnreadableError as error:
            place = self.where((*path, "$file"), False)
            hint = self.expander.hint(name, error)
            self.problems.append(Problem(error.code, f"{name} {error.message}", place, hint))
            return self._failed(path)
        self.includes[path] = source
        too_many = source.structured and self._has_too_many(source, path)
        if too_many or not self._fits(*self.expander.size(source), (*path, "$file")):
            return self._failed(path)
        if not source.structured:
            return self.text(source)
        return UNREADABLE if source.problems else self.expander.structure(source)[0]

    def text(self, source: Source) -> str:
        text, problems = self.expander.text(source)
        self.problems += problems
        return text

    def _has_too_many(self, source: Source, path: Path) -> bool:
        self.nodes += source.nodes
        self.expander.nodes += source.nodes
        if self.nodes <= MAX_NODES and self.expander.nodes <= MAX_INCLUDED_NODES:
            return False
        self._report("too-large", "the included files have too many values", (*path, "$file"), LESS)
        return True

    def settle(self) -> None:
        """Add the problems of files that are included as structures, when those that are used as text are known."""
        for path, source in self.includes.items():
            if source.structured and source.problems:
                self.problems += source.problems
                self.failed.add(path)
            elif source.structured and path not in self.failed:
                inner = self.expander.structure(source)[1]
                self.problems += inner.problems
                self.failed.update((*path, *failed) for failed in inner.failed)
                self.variables |= {(*path, *at): name for at, name in inner.variables.items()}

    def _failed(self, path: Path) -> object:
        self.failed.add(path)
        return UNREADABLE

    def _report(self, code: str, message: str, key: Path, hint: str = "") -> None:
        self.problems.append(Problem(code, message, self.where(key, True), hint))


def _miswritten(name: str, place: Place) -> Problem:
    message = f"the variable {name} is not replaced here, because the reference is not written as ${{var.{name}}}"
    hint = f"write `${{var.{name}}}` to use the variable; any other `$` is plain text"
    return Problem("miswritten-variable", message, place, hint, "warning")
