"""Where the values of a document stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.manifests import outline
from reconciler.manifests.includes import Source
from reconciler.manifests.parsing import Document
from reconciler.resources.base import Path
from reconciler.resources.problems import Finding, Place, Problem


@dataclass
class Positions:
    """Where the values of a document stand; worked out when somebody asks."""

    document: Document
    includes: Mapping[Path, Source] = field(default_factory=dict)

    @cached_property
    def _outline(self) -> outline.Node:
        return outline.of_yaml(self.document.text)

    def where(self, path: Path, on_key: bool = False) -> Place:
        """The value at `path`, in the included file where it comes from one; or the closest value around it."""
        if self.document.value is None:
            return self.document.place
        for length in range(len(path)):
            source = self.includes.get(path[:length])
            if source and source.structured and not source.problems:
                return source.where(path[length:], on_key)
        line, column = self._outline.find_key(path) if on_key else self._outline.find(path)[0]
        return Place(self.document.file, self.document.line + line + 1, column + 1)

    def problem(self, finding: Finding) -> Problem:
        place = self.where(finding.path, finding.on_key)
        return Problem(finding.code, finding.message, place, finding.hint, finding.severity)
