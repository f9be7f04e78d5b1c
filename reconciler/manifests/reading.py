"""Reading of the documents of a project folder."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.files.search import MARKDOWN, YAML
from reconciler.manifests.folder import MAX_MANIFEST, UnreadableError, read_text
from reconciler.manifests.limits import Allowance
from reconciler.manifests.markdown import NearMiss, documents_of, near_miss
from reconciler.manifests.parsing import Document
from reconciler.manifests.tree import Tree, UnreadableEntry
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Place, Problem


@dataclass(frozen=True)
class Read:
    """The documents of a folder. An empty document is among them only if its file has no other."""

    documents: list[Document]
    problems: list[Problem]
    """Files that cannot be read."""
    near_misses: list[NearMiss]
    """Markdown that is almost a manifest."""


def read_documents(
    tree: Tree, shown: str, edited: Mapping[str, str], allowance: Allowance, kinds: Mapping[str, Kind]
) -> Read:
    """Return the documents of all manifests. `edited` has texts that are used instead of the files, by path."""
    documents: list[Document] = []
    problems = [unreadable(entry, shown) for entry in tree.unreadable]
    near_misses: list[NearMiss] = []
    written = {path for path in edited if path.endswith((MARKDOWN, *YAML))}
    for path in sorted({*tree.manifests(), *written}):
        if path in tree.absent:
            continue
        try:
            text = edited[path] if path in edited else read_text(tree.locate(path), MAX_MANIFEST)
        except UnreadableError as error:
            if tree.is_manifest(path):
                problems.append(unreadable(UnreadableEntry(path, error.code, error.message, error.hint), shown))
            continue
        parsed = documents_of(text, shown + path, allowance, kinds)
        documents += [document for document in parsed if not document.empty] or parsed[:1]
        if not parsed and (almost := near_miss(text, shown + path, kinds)):
            near_misses.append(almost)
    return Read(documents, problems, near_misses)


def unreadable(entry: UnreadableEntry, shown: str) -> Problem:
    """Return the problem of an entry of the folder. `shown` is the prefix of paths in messages."""
    file = shown + entry.path
    message = f"{file or 'the project folder'} {entry.message}"
    return Problem(entry.code, message, Place(file or "."), entry.hint)
