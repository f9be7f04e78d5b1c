"""Comments with the names of live objects beside their ids, as imported manifests have them."""

from collections.abc import Iterator, Mapping

from reconciler.manifests.editing.layout import Layout
from reconciler.manifests.editing.nodes import compose, descendants
from reconciler.manifests.emitting import visible
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.parsing import Document, parse_document
from reconciler.resources.values import same

_SUFFIXES = (".yaml", ".yml", ".md")
"""Extensions of the files that may have comments. An included file in JSON may not."""


def with_id_names(text: str, before: str, path: str, names: Mapping[str, str]) -> str:
    """Return the text of a file with the name of each live object that it refers to by id, and that it did not refer
    to in `before`, at the end of the line of the id.

    A line with a comment is unchanged, and so is a document that is written as JSON.
    """
    new = {id_: name for id_, name in names.items() if name and id_ in text and id_ not in before}
    if not new or not path.lower().endswith(_SUFFIXES):
        return text
    documents = documents_of(text, path)
    made = "".join(_named(one, new) + one.source.removeprefix(one.text) for one in documents)
    return made or text


def _named(document: Document, names: Mapping[str, str]) -> str:
    text = document.text
    if document.problems or document.empty or not any(id_ in text for id_ in names):
        return text
    layout, found = Layout(text), dict[int, list[str]]()
    for at, id_ in _ids(text, names):
        found.setdefault(layout.line_end(at), []).append(visible(names[id_]))
    for end, called in found.items():
        if "#" not in text[layout.line_start(end) : end]:
            layout.edit(end, end, f"  # {', '.join(dict.fromkeys(called))}")
    made = layout.applied()
    old, new = parse_document(text, ""), parse_document(made, "")
    return made if not new.problems and same(old.value, new.value) else text


def _ids(text: str, names: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """Yield the end of each scalar that is one of the ids, in the order of the text."""
    mark = text.startswith("\ufeff")
    root = compose(text[mark:])[0].node
    ids = [
        (node.end + mark, node.value)
        for node in (() if root.flow else descendants(root))
        if node.kind == "scalar" and isinstance(node.value, str) and node.value in names
    ]
    yield from sorted(ids)
