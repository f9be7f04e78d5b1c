"""Manifests that are validated as they are read, so that memory never has the values and specs of all at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from reconciler.manifests.cache.watching import Watcher
from reconciler.manifests.expansion import Expander
from reconciler.manifests.known_objects import KnownObjects
from reconciler.manifests.parsing import Document
from reconciler.manifests.project import Project, is_project
from reconciler.manifests.validation import Validated, validate
from reconciler.manifests.variables import Variables
from reconciler.resources.address import RELEASE, Address
from reconciler.resources.base import Resource, Scope
from reconciler.resources.kind import Kind


@dataclass(frozen=True, slots=True)
class PlainManifests:
    """The results of documents without includes, variables and aliases, whose limits concern all documents together:
    of the project, they depend on the default target only.
    """

    expander: Expander
    kinds: Mapping[str, Kind]
    target: str | None
    """The target of manifests that do not name one."""
    objects: dict[Address, KnownObjects] = field(default_factory=dict)
    """The objects of valid manifests that depend on no file and on no other manifest. Their specs are released."""
    _results: dict[int, Validated] = field(default_factory=dict)
    _watcher: Watcher | None = None

    @classmethod
    def of(cls, project: Project, expander: Expander, kinds: Mapping[str, Kind], scope: Scope | None = None) -> Self:
        """Return the manifests of a project, without any. The files and the allowance are those of `expander`. Their
        objects are made, too, with a `scope` that has no paths yet.
        """
        variables = Variables(project.variables, project.variable_texts)
        watcher = Watcher(replace(scope, today=None)) if scope else None
        target = project.spec.defaults.target
        return cls(replace(expander, variables=variables), kinds, target, _watcher=watcher)

    def add(self, document: Document) -> None:
        """Validate a document if it is a plain one, which releases the memory of its value."""
        if not (document.dollars or document.repeated or is_project(document)):
            self._results[id(document)] = result = self.validated(document)
            if result.resource and self._watcher:
                self._make(result.resource, self._watcher)

    def validated(self, document: Document) -> Validated:
        """Validate any document."""
        return validate(document, self.expander, self.kinds, self.target)

    def result(self, document: Document) -> Validated | None:
        """Return the result of a document, which must still be in memory; None if it was not validated."""
        return self._results.get(id(document))

    def _make(self, resource: Resource, watcher: Watcher) -> None:
        """Make the objects of a manifest, unless they or its rules depend on more than the manifest and the project."""
        kind = resource.kind
        if kind.attaches or kind.is_dated or resource.address.kind == RELEASE:
            return
        scope, asked = watcher.begin()
        if any(True for _ in kind.check(resource, scope)):
            return
        made = list(kind.desired(resource, scope))
        if not made or asked.asked or not asked.is_certain:
            return
        for one in made:
            one.pack()
        types = frozenset(one.type for one in made)
        self.objects[resource.address] = KnownObjects(resource, types, lambda: made)
        _ = resource.references  # found in the spec, and kept
        resource.without_spec()
