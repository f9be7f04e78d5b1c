"""Manifests in Markdown: the front matter is the manifest, the body is one field of its `spec`.

A Markdown file is a manifest if its front matter has the `apiVersion` of manifests. The front matter of other software
is text. A mistake in a manifest must not make it such a text: a plan would remove the object.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.files.search import MARKDOWN
from reconciler.manifests.bodies import Body
from reconciler.manifests.limits import Allowance
from reconciler.manifests.parsing import Document, parse
from reconciler.manifests.positions import yaml_positions
from reconciler.manifests.project import KIND as PROJECT
from reconciler.resources.front_matter import API_VERSION, LINE_BREAK, FrontMatter, split
from reconciler.resources.kind import Kind
from reconciler.resources.problems import Place, Problem
from reconciler.resources.registry import kinds as registered_kinds


def documents_of(
    text: str, file: str, allowance: Allowance | None = None, kinds: Mapping[str, Kind] | None = None
) -> list[Document]:
    """Return the documents of a file of YAML or Markdown; none for Markdown that is not a manifest."""
    if not file.endswith(MARKDOWN):
        return list(parse(text, file, allowance))
    parts = split(text)
    found = parts and _document(parts, file, allowance, registered_kinds() if kinds is None else kinds)
    return [found] if found else []


@dataclass(frozen=True)
class NearMiss:
    """Markdown that looks like a manifest and is not read as one."""

    problem: Problem
    addresses: frozenset[str]
    """Addresses of the objects that it may define."""


def near_miss(text: str, file: str, kinds: Mapping[str, Kind]) -> NearMiss | None:
    """Return what is wrong with Markdown that is not a manifest, but looks like one: an error if it has an `apiVersion`
    of manifests, otherwise a warning.
    """
    from reconciler.manifests.lookalike import lookalike

    almost = lookalike(text, [name for name, kind in kinds.items() if kind.body])
    if almost is None:
        return None
    addresses = frozenset(f"{kinds[kind].prefix}/{name}" for kind in almost.kinds for name in almost.names)
    place, hint = Place(file, almost.line), f"to make it a manifest, write `apiVersion: {API_VERSION}` in front matter"
    if not almost.declared:
        message = f"{file} is text and not a manifest, but has `kind: {almost.kind}`" if almost.kind else ""
        message = message or f"{file} is text and not a manifest, but has an `apiVersion` of one"
        return NearMiss(Problem("text-with-kind", message, place, hint, "warning"), addresses)
    parts = split(text)
    if parts and parts.closing and parts.is_at_top:
        message = f"this front matter is not that of a manifest: it has no `apiVersion: {API_VERSION}`"
        hint = f"write `apiVersion: {API_VERSION}`"
    else:
        message = "this text looks like a manifest, but does not begin with front matter"
        hint = "write `---`, and nothing else, on the first line of the file, above the fields"
    return NearMiss(Problem("front-matter", message, place, hint), addresses)


def _document(parts: FrontMatter, file: str, allowance: Allowance | None, kinds: Mapping[str, Kind]) -> Document | None:
    head = parts.opening + parts.yaml
    if not (parts.closing and parts.is_at_top):
        return _misplaced(parts, file) if parts.declares_manifest else None
    first, *others = parse(head, file, allowance)
    document, value = replace(first, text=head, body=_body(parts, file, "")), first.value
    if not (value.get("apiVersion") == API_VERSION if isinstance(value, dict) else parts.declares_manifest):
        return None
    if others:
        message = "the front matter has a second document"
        hint = "a manifest in Markdown is one document: write the other one to a file of its own"
        problem = Problem("front-matter", message, Place(file, others[0].line + 1), hint)
        return _failed(document, problem)
    if not isinstance(value, dict):
        return document
    kind = value.get("kind")
    known = kinds.get(kind) if isinstance(kind, str) else None
    if kind == PROJECT or (known and not known.body):
        return _failed(document, _yaml_only(document, str(kind), kinds))
    return _with_body(replace(document, body=_body(parts, file, known.body)), value) if known else document


def _body(parts: FrontMatter, file: str, field: str) -> Body:
    lines = LINE_BREAK.findall(parts.opening + parts.yaml + parts.closing)
    return Body(field, file, len(lines), parts.closing, parts.body, lines[0])


def _with_body(document: Document, value: dict[str, Any]) -> Document:
    """Return the document with the text of its body as a field of its `spec`."""
    body, spec = document.body, value.get("spec", {})
    text = body.text if body else None
    if body is None or text is None or not isinstance(spec, dict):
        return document
    if body.field in spec:
        line, column = yaml_positions(document.text).find_key(("spec", body.field))
        message = f"`spec.{body.field}` is in the front matter, and the text below it is `{body.field}`, too"
        place = Place(document.file, line + 1, column + 1)
        problem = Problem("duplicate-body", message, place, "remove one of the two")
        return replace(document, problems=(*document.problems, problem))
    made = {**value, "spec": {**spec, body.field: text}}
    return replace(document, value=made, dollars=document.dollars or "$" in text)


def _failed(document: Document, problem: Problem) -> Document:
    """Return a document that cannot be used, with what it defines if it defines an object."""
    value = document.written
    outset = value if isinstance(value, dict) and value.get("kind") != PROJECT else None
    return replace(document, value=None, outset=outset, problems=(*document.problems, problem))


def _misplaced(parts: FrontMatter, file: str) -> Document:
    """Return a document for front matter that is not at the top of the file, or has no end."""
    message, hint = "the front matter of this manifest has no end", "add a line `---` below it, above the text"
    if not parts.is_at_top:
        message, hint = "there is something above the front matter of this manifest", "move it below the front matter"
    problem = Problem("front-matter", message, Place(file), hint)
    text = parts.opening + parts.yaml + parts.closing + parts.body
    return Document(file, 0, text, None, Place(file), dollars=False, problems=(problem,))


def _yaml_only(document: Document, kind: str, kinds: Mapping[str, Kind]) -> Problem:
    line, column = yaml_positions(document.text).find(("kind",))[0]
    names = " or ".join(sorted(f"`{one.name}`" for one in kinds.values() if one.body))
    message = f"only manifests of kind {names} can be in Markdown, not of kind `{kind}`"
    place = Place(document.file, line + 1, column + 1)
    return Problem("yaml-only", message, place, "write it to a file that ends with `.yaml`, without the lines `---`")
