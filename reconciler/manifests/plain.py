"""Manifests that are validated as they are read, so that memory never has the values of all documents at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from reconciler.manifests.expansion import Expander
from reconciler.manifests.parsing import Document
from reconciler.manifests.project import Project, is_project
from reconciler.manifests.validation import Validated, validate
from reconciler.manifests.variables import Variables
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
    _results: dict[int, Validated] = field(default_factory=dict)

    @classmethod
    def of(cls, project: Project, expander: Expander, kinds: Mapping[str, Kind]) -> Self:
        """Return the manifests of a project, without any. The files and the allowance are those of `expander`."""
        variables = Variables(project.variables, project.variable_texts)
        return cls(replace(expander, variables=variables), kinds, project.spec.defaults.target)

    def add(self, document: Document) -> None:
        """Validate a document if it is a plain one, which releases the memory of its value."""
        if not (document.dollars or document.repeated or is_project(document)):
            self._results[id(document)] = self.validated(document)

    def validated(self, document: Document) -> Validated:
        """Validate any document."""
        return validate(document, self.expander, self.kinds, self.target)

    def result(self, document: Document) -> Validated | None:
        """Return the result of a document, which must still be in memory; None if it was not validated."""
        return self._results.get(id(document))
