"""Reading of the documents of a project folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

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


Known: TypeAlias = Callable[[str, str], list[Document] | None]
"""Returns the documents of a file from the cache, given its path and its text; None if the cache does not have them."""


def read_documents(
    tree: Tree,
    shown: str,
    edited: Mapping[str, str],
    allowance: Allowance,
    kinds: Mapping[str, Kind],
    use: Callable[[Document], None],
    known: Known = lambda _path, _text: None,
) -> Read:
    """Return the documents of all manifests. `edited` has texts that are used instead of the files, by path. `use` is
    called with each document that was parsed, before the next file is read, and can release the memory of its value.
    """
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
        cached = known(path, text)
        if cached is not None:
            documents += cached
            continue
        parsed = documents_of(text, shown + path, allowance, kinds)
        found = present(parsed)
        documents += found
        for document in found:
            use(document)
        if not parsed and (almost := near_miss(text, shown + path, kinds)):
            near_misses.append(almost)
    return Read(documents, problems, near_misses)


def present(documents: list[Document]) -> list[Document]:
    """Return the documents of a file that are not empty; an empty one if there is no other."""
    return [document for document in documents if not document.empty] or documents[:1]


def unreadable(entry: UnreadableEntry, shown: str) -> Problem:
    """Return the problem of an entry of the folder. `shown` is the prefix of paths in messages."""
    file = shown + entry.path
    message = f"{file or 'the project folder'} {entry.message}"
    return Problem(entry.code, message, Place(file or "."), entry.hint)
