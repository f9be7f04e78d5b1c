"""Explanations of kinds, fields and codes as values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from reconciler.resources.values import JSON

CodeClass: TypeAlias = Literal["error", "warning", "refusal", "risk"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the forms of a value, selected by the value of one of its fields."""

    value: str
    """The value that selects it, such as `mcp` for `type: mcp`."""
    description: str
    """The purpose of the form."""


@dataclass(frozen=True, slots=True)
class Member:
    """A field inside a mapping."""

    name: str
    """The name of the field."""
    type: str
    """The type of its value, for people."""
    required: bool
    """True if the mapping must have it."""
    description: str
    """The meaning of the field; empty if there is no description."""
    only: tuple[str, ...] = ()
    """The forms of the mapping that have it, such as `target: agents`; empty for all forms."""


@dataclass(frozen=True, slots=True)
class FieldExplanation:
    """A field of manifests, or a kind."""

    path: str
    """The path of the field from the kind, such as `assistant.spec.tools`."""
    only: tuple[str, ...]
    """The forms of the values around it that have this field, such as `target: agents`; empty for all forms."""
    type: str
    """The type of its value, for people."""
    required: bool
    """True if the mapping around it must have it."""
    description: str
    """The meaning of the field; empty if there is no description."""
    default: JSON
    """The value if the field is left out; null if there is none, or if the description states it."""
    values: tuple[JSON, ...]
    """The allowed values; empty if they are not listed."""
    limits: tuple[str, ...]
    """Limits of the value, for people."""
    expands: bool
    """True if `$file` and variables are allowed in its place."""
    selected_by: str
    """The field that selects one of the variants; empty without variants."""
    variants: tuple[Variant, ...]
    """The forms of the value, or of the entries of a list or a mapping."""
    members: tuple[Member, ...]
    """The fields of the value, or of the entries of a list or a mapping."""


@dataclass(frozen=True, slots=True)
class KindSummary:
    """A kind of manifest."""

    name: str
    """The name after `kind:`."""
    description: str
    """The meaning of the kind."""


@dataclass(frozen=True, slots=True)
class CodeExplanation:
    """A code of an error, a warning, a refusal or a risk."""

    code: str
    """The code, as it is printed."""
    is_a: CodeClass
    """The messages that have the code."""
    meaning: str
    """The meaning of the code."""
    example: str
    """The printed message, or a cause of it."""
    solution: str
    """The way out."""


@dataclass(frozen=True, slots=True)
class TermExplanation:
    """A term of the glossary, or a word that plans and reports print."""

    term: str
    """The term, in lower case."""
    of: str
    """The term whose section lists the word, such as `drift` for its classes; empty for a term with its own section."""
    meaning: str
    """The meaning of the term."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known about a topic."""

    topic: str
    kinds: tuple[KindSummary, ...] = ()
    fields: tuple[FieldExplanation, ...] = ()
    codes: tuple[CodeExplanation, ...] = ()
    terms: tuple[TermExplanation, ...] = ()


def merged(explained: Sequence[FieldExplanation], complete: bool) -> tuple[FieldExplanation, ...]:
    """Join explanations that differ only in the forms that have the field. With `complete`, all forms have it."""
    found: dict[str, FieldExplanation] = {}
    for one in explained:
        key = repr(replace(one, only=()))
        before = found.get(key)
        found[key] = replace(one, only=tuple(dict.fromkeys((*before.only, *one.only)))) if before else one
    if complete and len(found) == 1:
        return tuple(replace(one, only=()) for one in found.values())
    return tuple(found.values())
