"""Edits of a manifest in Markdown: of its front matter as YAML, and of its body as text."""

from reconciler.manifests.bodies import Body, can_hold
from reconciler.manifests.editing.edits import UneditableError, edited
from reconciler.manifests.markdown import documents_of
from reconciler.manifests.parsing import Document, parse_document
from reconciler.resources.values import JSON, same


def edited_markdown(document: Document, wanted: JSON) -> str:
    """Return the text of a manifest in Markdown with the value `wanted`; raises UneditableError.

    The body has the text of its field, unless the front matter has the field already, or a body cannot represent the
    text: then the field is in the front matter, and the body is empty.
    """
    body = document.body
    if body is None:
        raise ValueError(f"{document.file} has no body")
    front = parse_document(document.text, "").value
    text, rest = _text_apart(body, front, wanted)
    result = edited(document.text, rest) + body.with_text(text)
    found = documents_of(result, document.file)
    if len(found) != 1 or found[0].problems or not same(found[0].value, wanted):
        raise UneditableError("the layout of the file does not allow this change", body.above + 1)
    return result


def _text_apart(body: Body, front: JSON, wanted: JSON) -> tuple[str | None, JSON]:
    """Return the text of the body, and the value of the front matter."""
    spec = dict(wanted.get("spec", {}))
    text = spec.get(body.field)
    is_in_front = body.field in front.get("spec", {})
    if is_in_front or not isinstance(text, str) or not can_hold(text):
        return None, wanted
    del spec[body.field]
    if spec or "spec" in front:
        return text, {**wanted, "spec": spec}
    return text, {key: value for key, value in wanted.items() if key != "spec"}
