"""Manifests from the cache: their resources, their findings and their objects, without parsing and validation.

An entry is that of one file. Its key is a digest of the code of Reconciler, `project.yaml`, the environment, and the
path and text of the file. The texts of included files, and the answers to all questions that rules and objects asked
(see `watching`), are compared when it is used. Only files without errors have entries. What depends on other manifests
is never cached: those checks run every time.

Files may change while they are read. So each text is read once in a run, and an answer is kept as it was given: an
entry is what its key says, even if no moment had all of the texts together.
"""

import json
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar

import pydantic
import ruamel.yaml

from reconciler.files.own_code import digest_of, is_as_imported
from reconciler.files.search import PROJECT_FILE
from reconciler.manifests.bodies import Body
from reconciler.manifests.cache import codec
from reconciler.manifests.cache.codec import MALFORMED, MalformedError, of_type
from reconciler.manifests.cache.deferred import DeferredResource
from reconciler.manifests.cache.entries import (
    CHECKED,
    COST,
    OBJECTS,
    UPLOADS,
    VALUES,
    CachedFile,
    exact,
    head_of,
    new_entry,
    objects_of,
    set_value,
    types_of,
)
from reconciler.manifests.cache.segments import FORMAT, Entry, Segments, touch
from reconciler.manifests.cache.watching import Questions, Watcher, hold, sha256
from reconciler.manifests.expansion import MAX_INCLUDED_NODES, Expander
from reconciler.manifests.files import Files
from reconciler.manifests.folder import MAX_INCLUDED, UnreadableError, locate, read_text
from reconciler.manifests.includes import Positions, Sources
from reconciler.manifests.known_objects import KnownObjects
from reconciler.manifests.limits import MAX_REPEATED, Allowance
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.parsing import Document
from reconciler.manifests.project import Project
from reconciler.manifests.reading import present
from reconciler.manifests.validation import Validated, validate
from reconciler.manifests.variables import MAX_INSERTED, Variables
from reconciler.resources.address import Address
from reconciler.resources.base import Resource, Scope
from reconciler.resources.front_matter import API_VERSION
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.values import JSON

_CODE: Final = ("manifests", "resources", "files", "git", "s3")
"""The packages whose code determines what a manifest defines."""
_READABLE: Final = {"apiVersion": API_VERSION, "kind": ""}
"""The value of the document of a cached manifest, as far as it is needed: it is a manifest."""
_MARKER: Final = "---"
"""Without it, a file is one document."""
T = TypeVar("T")
UploadsOf: TypeAlias = Callable[[Resource, Scope], tuple[list[str], list[str]]]
_NONE: Final[Mapping[Address, Address]] = MappingProxyType({})


@dataclass
class ManifestCache:
    """The cache of the manifests of a project in one environment, for one run."""

    segments: Segments
    root: Path
    shown: str
    kinds: Mapping[str, Kind]
    project: Project
    text: str
    """The text of `project.yaml`."""
    entries: Mapping[str, Entry]
    files: dict[str, CachedFile] = field(default_factory=dict)
    """By path as messages show it."""
    _missed: dict[str, str] = field(default_factory=dict)
    """Keys of the files that have no entry."""
    _results: dict[int, Validated] = field(default_factory=dict)
    """By the id of the document."""
    _slots: dict[Place, tuple[CachedFile, int]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """Texts of edited files, and of included files that this run has read, by path. All of the run uses them."""
    is_torn: bool = True
    """True unless `project.yaml` was read again with the same text. Then the cache must not be used."""
    _included: dict[str, str | None] = field(default_factory=dict)
    _costs: list[int] = field(default_factory=lambda: [0, 0, 0])
    _parsed: dict[str, list[Document]] = field(default_factory=dict)
    _watcher: Watcher | None = None

    @classmethod
    def open(
        cls,
        folder: Path,
        project: Project,
        text: str,
        shown: str,
        kinds: Mapping[str, Kind],
        edited: Mapping[str, str],
    ) -> "ManifestCache | None":
        """Return the cache of a project, whose `project.yaml` is `text`; None if it is unknown which code this is.
        `edited` are texts that are used instead of the files, by path.
        """
        code = digest_of(*_CODE)
        if not code or not is_as_imported(*_CODE):
            return None
        versions = (FORMAT, code, platform.python_version(), pydantic.VERSION, ruamel.yaml.__version__)
        context = sha256(json.dumps([*versions, project.identity.environment, text]))
        segments = Segments(folder / context[:32])
        touch(segments.folder)
        return cls(segments, project.root, shown, kinds, project, text, segments.read(), texts=dict(edited))

    def documents(self, path: str, text: str) -> list[Document] | None:
        """Return the documents of a file; None if the file has no entry. They have the places of the manifests, and
        not their values.
        """
        if path == PROJECT_FILE:
            self.is_torn = text != self.text
        file = self.shown + path
        key = sha256(f"{file}\0{text}")
        entry = self.entries.get(key)
        if entry is not None:
            with suppress(*MALFORMED):
                return self._restored(file, text, CachedFile(key, entry.head, entry))
        self._missed[file] = key
        return None

    def _restored(self, file: str, text: str, cached: CachedFile) -> list[Document]:
        results = [self._result(file, text, number, head) for number, head in enumerate(cached.heads)]
        documents = [one.positions.document for one in results]
        for number, document in enumerate(documents):
            spent = cached.heads[number][COST]
            self._costs = [one + more for one, more in zip(self._costs, spent, strict=True)] if spent else self._costs
            self._results[id(document)] = results[number]
            self._slots[document.place] = cached, number
        self.files[file] = cached
        return documents

    def _is_included(self, path: str, known: str) -> bool:
        if path not in self._included:
            try:
                if path not in self.texts:
                    self.texts[path] = read_text(locate(self.root, path), MAX_INCLUDED)
                self._included[path] = sha256(self.texts[path])
            except UnreadableError:
                self._included[path] = None
        return self._included[path] == known

    def _result(self, file: str, text: str, number: int, head: JSON) -> Validated:
        """Return the result of the validation of a manifest; raises one of MALFORMED if it is not known."""
        kind_name, name, labels, lifecycle, line, column, is_markdown, references, includes, problems, *more = head
        if len(more) + COST != VALUES or not all(self._is_included(path, known) for path, known in includes.items()):
            raise MalformedError("another version has written the entry, or an included file has changed")
        kind, place = self.kinds[kind_name], Place(file, of_type(line, int), of_type(column, int))
        body = Body("", file, 0, "", "", "\n") if is_markdown else None
        is_alone = not includes and not is_markdown and _MARKER not in text
        document = Document(file, 0, text if is_alone else "", _READABLE, place, dollars=False, body=body)
        positions = Positions(document)
        known = {
            "kind": kind,
            "address": Address(kind.prefix, of_type(name, str)),
            "labels": codec.texts_of(labels),
            "lifecycle": codec.lifecycle_of(lifecycle),
            "place": place,
            "continued": _NONE,
            "references": tuple(map(codec.reference_of, references)),
        }
        build = partial(self._built, file, text, number)
        resource = DeferredResource.of(build, positions if is_alone else None, known)
        found = [codec.problem_of(one) for one in problems]
        return Validated(positions, resource, None, found, frozenset(includes))

    def _built(self, file: str, text: str, number: int) -> Resource:
        """Parse and validate a manifest. Its text and its included files are those of the entry, so it is valid."""
        if file not in self._parsed:
            self._parsed[file] = present(documents_of(text, file, Allowance(), self.kinds))
        document, target = self._parsed[file][number], self.project.spec.defaults.target
        result = validate(document, self._expander, self.kinds, target)
        if result.resource is None:  # only an entry that is not of this code can be
            raise ReconcilerError(*result.problems)
        return result.resource

    @cached_property
    def _expander(self) -> Expander:
        variables = Variables(self.project.variables, self.project.variable_texts)
        return Expander(Sources(self.root, self.shown, self.texts), variables)

    def result(self, document: Document) -> Validated | None:
        """Return the result for a document from the cache; None for other documents."""
        return self._results.get(id(document))

    def _is_exceeded(self, expander: Expander) -> bool:
        """Return True if the manifests of the cache and the others together may exceed a limit of the project."""
        spent = (MAX_REPEATED - expander.allowance.spare, expander.nodes, expander.variables.inserted)
        limits = (MAX_REPEATED, MAX_INCLUDED_NODES, MAX_INSERTED)
        return any(one + more > most for one, more, most in zip(spent, self._costs, limits, strict=True))

    def add(self, documents: Iterable[Document], results: Iterable[Validated], expander: Expander) -> bool:
        """Prepare entries for the files that had none, and whose manifests have no errors.

        Returns False if the manifests together may exceed a limit of the project, and the cache must not be used: it
        does not show which manifest is the first one beyond the limit.
        """
        if self._is_exceeded(expander):
            return False
        groups: dict[str, list[Validated]] = {}
        validated: set[int] = set()
        for one in results:
            validated.add(id(one.positions.document))
            file = one.positions.document.file
            if file in self._missed:
                groups.setdefault(file, []).append(one)
        unfit = {document.file for document in documents if id(document) not in validated}  # of the project
        for file, group in groups.items():
            fit = [one.resource for one in group if one.resource and _has_no_error(one.problems)]
            if file in unfit or len(fit) < len(group):
                continue
            heads = [head_of(one, result, expander.sources) for one, result in zip(fit, group, strict=True)]
            self.files[file] = cached = CachedFile(self._missed[file], heads, is_changed=True)
            for number, one in enumerate(group):
                self._slots[one.positions.document.place] = cached, number
        return True

    def checked(
        self, resource: Resource, scope: Scope, check: Callable[[Resource, Scope], list[Problem]]
    ) -> list[Problem]:
        """Return the result of `check`, from the cache if everything that it asked for is unchanged."""

        def known(problems: JSON) -> list[Problem]:
            return [codec.problem_of(one) for one in problems]

        def kept(found: list[Problem]) -> list[JSON] | None:
            return [list(map(codec.problem_json, found))] if _has_no_error(found) else None

        return self._answer(resource, scope, CHECKED, check, known, kept)

    def uploads(self, store: Resource, scope: Scope, uploads_of: UploadsOf) -> tuple[list[str], list[str]]:
        """Return the result of `uploads_of` for a store without errors, from the cache as in `checked`."""

        def known(uploads: JSON, parts: JSON) -> tuple[list[str], list[str]]:
            return [of_type(path, str) for path in uploads], [of_type(path, str) for path in parts]

        return self._answer(store, scope, UPLOADS, uploads_of, known, list)

    def _answer(
        self,
        resource: Resource,
        scope: Scope,
        index: int,
        ask: Callable[[Resource, Scope], T],
        known: Callable[..., T],
        kept: Callable[[T], list[JSON] | None],
    ) -> T:
        """Return the answer of `ask` about a manifest, which the head of its entry has at `index`. `known` makes it of
        JSON values, and `kept` these values, or None for an answer that does not go into the cache.
        """
        slot = self._slot(resource)
        if slot is None:
            return ask(resource, scope)
        file, number = slot
        with suppress(*MALFORMED):
            if file.heads[number][index] is not None:
                *values, questions = file.heads[number][index]
                if hold(questions, scope):
                    return known(*values)
        watching, asked = self._watch(scope)
        found = ask(resource, watching)
        made = kept(found) if asked.is_certain else None
        set_value(file, number, index, None if made is None else [*made, asked.document()])
        return found

    def _watch(self, scope: Scope) -> tuple[Scope, Questions]:
        if self._watcher is None or self._watcher.of is not scope:
            self._watcher = Watcher(scope)
        return self._watcher.begin()

    def _slot(self, resource: Resource) -> tuple[CachedFile, int] | None:
        """Return the place of a manifest in the cache; None if its result depends on the day or on other manifests."""
        return None if resource.continued or resource.kind.is_dated else self._slots.get(resource.place)

    def complete(self, resources: Sequence[Resource], scope: Scope, files: Files) -> Mapping[Address, KnownObjects]:
        """Return the objects of all manifests without errors, and write the new entries and hashes."""
        objects: dict[Address, KnownObjects] = {}
        for resource in resources:
            slot = self._slot(resource)
            if slot is not None and slot[0].heads[slot[1]][CHECKED] is not None:
                found = self._known_objects(resource, *slot, scope) or self._new_objects(resource, *slot, scope)
                if found:
                    objects[resource.address] = found
        self.write()
        if files.hashes:
            files.hashes.save()
        self._forget()
        return objects

    def _known_objects(self, resource: Resource, file: CachedFile, number: int, scope: Scope) -> KnownObjects | None:
        known = file.heads[number][OBJECTS]
        with suppress(*MALFORMED):
            if known is not None:
                types, questions = known
                if hold(questions, scope):
                    return KnownObjects(resource, types_of(*types), partial(objects_of, file, number))
        return None

    def _new_objects(self, resource: Resource, file: CachedFile, number: int, scope: Scope) -> KnownObjects | None:
        watching, asked = self._watch(scope)
        found = list(resource.kind.desired(resource, watching))
        made = exact(found) if asked.is_certain else None
        if made is not None:
            file.objects[number] = made
        types = sorted({one.type for one in found})
        set_value(file, number, OBJECTS, None if made is None else [types, asked.document()])
        return KnownObjects(resource, frozenset(types), lambda: found)

    def write(self) -> None:
        """Write the new entries, unless modules that were imported in this run may be those of another version."""
        changed = [file for file in self.files.values() if file.is_changed]
        if changed and is_as_imported(*_CODE):
            self.segments.add(map(new_entry, changed), {file.key for file in self.files.values()})

    def _forget(self) -> None:
        """Release the memory of what is needed only while the manifests are loaded."""
        for file in self.files.values():
            file.objects.clear()
        self.files.clear()
        self._slots.clear()
        self._results.clear()
        self.entries = {}


def _has_no_error(problems: Iterable[Problem]) -> bool:
    return all(problem.severity != "error" for problem in problems)
