"""The document that defines a resource, in its file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests.editing.comments import of_end, of_file, of_next
from reconciler.manifests.editing.edits import UneditableError, edited
from reconciler.manifests.editing.markdown import edited_markdown
from reconciler.manifests.folder import MAX_MANIFEST, locate, read_text
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.parsing import Document
from reconciler.manifests.project import Project
from reconciler.resources.base import Resource
from reconciler.resources.problems import Place, Problem
from reconciler.resources.values import JSON


@dataclass(frozen=True)
class ManifestSource:
    """A manifest with the other documents of its file."""

    path: str
    """Path of the file, relative to the project folder."""
    documents: tuple[Document, ...]
    index: int

    @property
    def document(self) -> Document:
        return self.documents[self.index]

    @property
    def text(self) -> str:
        """The text of the whole file."""
        return "".join(one.source for one in self.documents)

    def replaced(self, text: str) -> str:
        """Return the text of the file with another text of this document."""
        return "".join(text if at == self.index else one.text for at, one in enumerate(self.documents))

    def removed(self) -> str:
        """Return the text of the file without this document; empty if it has no other document.

        Comments of the file and of the next document are kept.
        """
        others = [one for at, one in enumerate(self.documents) if at != self.index]
        if all(one.empty for one in others):
            return ""
        texts = [one.text for one in self.documents]
        own = texts[self.index]
        if self.index:
            texts[self.index - 1] = texts[self.index - 1].removesuffix(of_next(texts[self.index - 1]))
        kept = "" if self.index else of_file(own)
        texts[self.index] = kept + (of_next(own) if self.index < len(others) else of_end(own))
        return "".join(texts)

    def edited(self, wanted: JSON) -> str:
        """Return the text of the file with the value `wanted` for this document; raises UneditableError if its layout
        does not allow the change.
        """
        document = self.document
        return edited_markdown(document, wanted) if document.body else self.replaced(edited(document.text, wanted))

    def uneditable(self, error: UneditableError) -> Problem:
        place = Place(self.document.file, self.document.line + error.line)
        return Problem("uneditable", error.message, place, "edit the manifest by hand")


def source_of(project: Project, resource: Resource, texts: Mapping[str, str] | None = None) -> ManifestSource:
    """Return the manifest of a resource. `texts` has earlier edits by path."""
    path = Path(os.path.relpath(project.repository / resource.place.file, project.root)).as_posix()
    text = (texts or {}).get(path)
    if text is None:
        text = read_text(locate(project.root, path), MAX_MANIFEST)
    documents = tuple(documents_of(text, resource.place.file))
    return ManifestSource(path, documents, next(at for at, one in enumerate(documents) if _describes(one, resource)))


def _describes(document: Document, resource: Resource) -> bool:
    value = document.value
    if not isinstance(value, dict) or value.get("kind") != resource.kind.name:
        return False
    return bool(value["metadata"]["name"] == resource.address.name)
