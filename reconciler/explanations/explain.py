"""Explanations of topics: a path of fields, a code, or a term."""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from reconciler.explanations.codes import code_in, explanations, page
from reconciler.explanations.fields import ManifestSchema, UnknownPathError
from reconciler.explanations.glossary import key, terms
from reconciler.explanations.model import Explanation, TermExplanation
from reconciler.resources.name_lists import did_you_mean, few, listed, shown
from reconciler.resources.problems import Problem, ReconcilerError

_EXAMPLE: Final = "assistant.spec.model"


def explain(topic: str) -> Explanation:
    """Return what is known about a path, a code or a term; the kinds without a topic. Raises `ReconcilerError`."""
    fields = schema()
    if not topic:
        return Explanation("", kinds=fields.kinds)
    code = code_in(topic)
    known = tuple(explanations(page())) if code else ()
    codes = tuple(one for one in known if one.code == code)
    words = () if "." in topic else terms()
    found = tuple(one for one in words if key(one.term) == key(topic))
    if codes:
        return Explanation(topic, codes=codes, terms=found)
    parts = _parts(topic)
    if not fields.has(parts[:1]):
        kind = _kind_of_prefix(parts[0])
        if kind is None and found:
            return Explanation(topic, terms=found)
        if kind is None:
            raise _unknown_topic(topic, fields, parts, {one.code for one in known}, words)
        parts = [kind, *parts[1:]]
        fields = fields if fields.has([kind]) else _made()
    try:
        return Explanation(topic, fields=fields.explain(parts), terms=found)
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


def _unknown_topic(
    topic: str,
    fields: ManifestSchema,
    parts: Sequence[str],
    codes: Collection[str],
    words: Collection[TermExplanation],
) -> ReconcilerError:
    names = [kind.name.lower() for kind in fields.kinds]
    begun = [one.term for one in words if not one.of and topic.lower() == f"{one.term}s"]
    begun += [one.term for one in words if not one.of and len(topic) > 2 and one.term.startswith(topic.lower())]
    found = _kinds_called(topic, names) + begun + _paths(parts, names, fields)
    if found:
        hint = f"did you mean {few([f'`{one}`' for one in found])}?"
    else:
        hint = did_you_mean(topic, {*names, *codes}) or did_you_mean(
            topic, {one.term for one in words if "_" not in topic}
        )
        hint = hint or f"{listed(names)}; write fields as in `{_EXAMPLE}`"
    message = f"{shown(topic)} is not a kind, a field, a code or a term"
    return ReconcilerError(Problem("unknown-topic", message, hint=hint.removeprefix("; ")))


def _kinds_called(word: str, names: Collection[str]) -> list[str]:
    """Return the kinds that a word may mean: the plural of a kind, the type of its objects, or a part of its name."""
    from reconciler.resources.registry import kind_of, kinds, resource_types

    word = word.lower().replace(" ", "").replace("_", "").replace("-", "")
    called = {word, word.removesuffix("s"), *([f"{word[:-3]}y"] if word.endswith("ies") else [])}
    types = [(one.type.replace("_", ""), kind_of(one.address_kind)) for one in resource_types().values()]
    exact = [one.name.lower() for one in kinds().values() if {one.name.lower(), one.prefix} & called]
    exact += [kind.name.lower() for type_, kind in types if kind and type_ in called]
    parts = [name for name in names if any(len(one) > 2 and name.endswith(one) for one in called)]
    return list(dict.fromkeys(exact or parts))


def _paths(parts: Sequence[str], names: Iterable[str], fields: ManifestSchema) -> list[str]:
    """Return the fields with this path below a kind or its `spec`; without any, those with the plural of one word."""
    forms = [[*parts], *([[f"{parts[0]}s"]] if len(parts) == 1 else [])]
    for form in forms:
        paths = [[name, *middle, *form] for name in names for middle in ([], ["spec"], ["lifecycle"])]
        found = [".".join(path) for path in paths if fields.has(path)]
        if found:
            return found
    return []


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
