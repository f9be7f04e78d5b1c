"""Explanations of topics: a path of fields, or a code."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from reconciler.explanations.codes import code_in, explanations, page
from reconciler.explanations.fields import ManifestSchema, UnknownPathError
from reconciler.explanations.model import Explanation
from reconciler.resources.name_lists import did_you_mean, few, listed, shown
from reconciler.resources.problems import Problem, ReconcilerError

_EXAMPLE: Final = "assistant.spec.model"


def explain(topic: str) -> Explanation:
    """Return what is known about a path or a code; the kinds without a topic. Raises `ReconcilerError`."""
    fields = schema()
    if not topic:
        return Explanation("", kinds=fields.kinds)
    code = code_in(topic)
    known = tuple(explanations(page())) if code else ()
    codes = tuple(one for one in known if one.code == code)
    if codes:
        return Explanation(topic, codes=codes)
    parts = _parts(topic)
    if not fields.has(parts[:1]):
        kind = _kind_of_prefix(parts[0])
        if kind is None:
            raise _unknown_topic(topic, fields, parts, {one.code for one in known})
        parts = [kind, *parts[1:]]
        fields = fields if fields.has([kind]) else _made()
    try:
        return Explanation(topic, fields=fields.explain(parts))
    except UnknownPathError as error:
        raise _unknown_field(fields, parts, error) from error


def schema() -> ManifestSchema:
    """Return the JSON Schema of manifests: its file, in the installed package or in a checkout, is read in a tenth of
    the time that making it takes.
    """
    installed = Path(__file__).parent / "manifest.schema.json"
    file = installed if installed.is_file() else Path(__file__).parents[2] / "schemas" / "manifest.schema.json"
    return ManifestSchema(json.loads(file.read_text(encoding="utf-8")))


def _made() -> ManifestSchema:
    """Return the schema of the installed kinds, which the file does not have yet if a kind is being developed."""
    from reconciler.manifests.schema import manifest_schema

    return ManifestSchema(manifest_schema())


def _parts(topic: str) -> list[str]:
    """Return the parts of a path: `Assistant.spec.tools[0].name`, also with slashes, as `assistant/spec/tools`."""
    return [part for part in topic.replace("[", ".").replace("]", "").replace("/", ".").split(".") if part] or [topic]


def _unknown_topic(topic: str, fields: ManifestSchema, parts: Sequence[str], codes: Collection[str]) -> ReconcilerError:
    names = [kind.name.lower() for kind in fields.kinds]
    paths = [[name, *middle, *parts] for name in names for middle in ([], ["spec"])]
    found = [f"`{'.'.join(path)}`" for path in paths if fields.has(path)]
    if found:
        hint = f"did you mean {few(found)}?"
    else:
        hint = did_you_mean(topic, {*names, *codes}) or f"{listed(names)}; write fields as in `{_EXAMPLE}`"
    problem = Problem("unknown-topic", f"{shown(topic)} is not a kind, a field or a code", hint=hint.removeprefix("; "))
    return ReconcilerError(problem)


def _unknown_field(fields: ManifestSchema, parts: Sequence[str], error: UnknownPathError) -> ReconcilerError:
    at = len(error.before.split("."))
    message = f"{shown(error.before)} has no field {shown(error.part)}"
    inside = [*error.before.split("."), "spec", *parts[at:]]
    hint = f"did you mean `{'.'.join(inside)}`?" if at == 1 and fields.has(inside) else ""
    hint = (
        hint
        or did_you_mean(error.part, error.known)
        or listed(error.known)
        or f"see `reconciler explain {error.before}`"
    )
    return ReconcilerError(Problem("unknown-topic", message, hint=hint))


def _kind_of_prefix(word: str) -> str | None:
    """Return the kind of the addresses that begin with a word, such as `release`."""
    from reconciler.resources.registry import kind_of

    found = kind_of(word.lower())
    return found.name.lower() if found else None
