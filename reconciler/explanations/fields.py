"""Explanations of the fields of manifests, found by path in the JSON Schema of manifests."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from reconciler.explanations.limits import limits_of, type_of, values_of
from reconciler.explanations.model import FieldExplanation, KindSummary, Member, Variant, merged

Schema: TypeAlias = Mapping[str, Any]
_EXPANDING: Final = frozenset({"Include", "Variable"})
"""Definitions of what may stand in the place of a value."""
_ANY_KEY: Final = frozenset({"*", "[]", "<name>", "NAME"})
_TARGET: Final = "target"
"""The field whose value selects the fields of a `spec`: they are listed together."""


class UnknownPathError(Exception):
    """A part of a path that does not exist, with the path before it and the names that do."""

    def __init__(self, before: Sequence[str], part: str, known: Iterable[str]) -> None:
        super().__init__(part)
        self.before = ".".join(before)
        self.part = part
        self.known = sorted(set(known))


@dataclass(frozen=True)
class _Spot:
    """A value in one form of the values around it."""

    schema: Schema
    required: bool = False
    only: tuple[str, ...] = ()
    """The forms around it, such as `target: agents`."""
    text: str | None = None
    """The description of the form, where it is not that of the schema."""
    choices: tuple[Variant, ...] = ()
    """The forms that the value selects, with their descriptions."""


@dataclass(frozen=True)
class _Form:
    """One form of a value: a mapping, a list or a scalar, without `$ref`."""

    schema: Schema
    description: str


class ManifestSchema:
    """The JSON Schema of manifests, with explanations of its fields."""

    def __init__(self, schema: Schema) -> None:
        self._definitions: Schema = schema["$defs"]
        self._kinds: dict[str, Schema] = {kind["title"].lower(): kind for kind in schema["oneOf"]}

    @property
    def kinds(self) -> tuple[KindSummary, ...]:
        return tuple(KindSummary(kind["title"], self._about(kind)) for kind in self._kinds.values())

    def explain(self, parts: Sequence[str]) -> tuple[FieldExplanation, ...]:
        """Return the explanation of a kind, or of a field by its path below the kind. Indices of lists are not needed;
        the name of a form, such as a target or a type of tool, selects it. Raises `UnknownPathError`.
        """
        kind, *rest = parts
        if kind.lower() not in self._kinds:
            raise UnknownPathError((), kind, self._kinds)
        top = self._kinds[kind.lower()]
        spots, path, complete = [_Spot(top, required=True, text=self._about(top))], [kind.lower()], True
        for part in rest:
            if part.isdecimal() or part in _ANY_KEY:
                entered = self._entered(spots)
                if not entered:
                    raise UnknownPathError(path, part, self._names(spots))
                spots = entered
            else:
                spots, all_forms = self._below(spots, path, part)
                complete = complete and all_forms
            path.append(part)
        if rest == ["spec"]:
            spots = [replace(spot, text=self._about(top)) for spot in spots]
        return merged([self._explanation(".".join(path), spot) for spot in spots], complete)

    def has(self, parts: Sequence[str]) -> bool:
        """Return True if there is a field with this path."""
        try:
            self.explain(parts)
        except UnknownPathError:
            return False
        return True

    def below(self, parts: Sequence[str]) -> list[str]:
        """Return the parts that can follow a path; none for a path that does not exist."""
        try:
            self.explain([*parts, ""])
        except UnknownPathError as error:
            return error.known if error.part == "" else []
        return []

    def _about(self, kind: Schema) -> str:
        """Return the description of a kind: that of its `spec`, or those of its targets."""
        spec = kind["properties"]["spec"]
        return " ".join(dict.fromkeys(one["description"] for one in spec.get("anyOf", [spec])))

    # Forms of a value

    def _forms(self, schema: Schema, text: str | None = None) -> Iterator[_Form]:
        """Yield the forms of a value, without what may stand in its place."""
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name in _EXPANDING:
            return
        if name:
            definition = self._definitions[name]
            yield from self._forms(definition, definition.get("description", ""))
            return
        branches = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
        if not branches:
            yield _Form(schema, schema.get("description", "") if text is None else text)
        for branch in branches:
            yield from self._forms(branch)

    def _mappings(self, schema: Schema) -> list[_Form]:
        """Return the forms that are mappings, in a list or a mapping by name too."""
        found = []
        for form in self._forms(schema):
            inner = form.schema.get("items") or form.schema.get("additionalProperties")
            if "properties" in form.schema:
                found.append(form)
            elif isinstance(inner, Mapping):
                found += self._mappings(inner)
        return found

    def _expands(self, schema: Schema) -> bool:
        return any(one.get("$ref", "").rpartition("/")[2] in _EXPANDING for one in schema.get("anyOf", ()))

    def _selector(self, forms: Sequence[_Form]) -> str:
        """Return the field that has another value in each form; empty if there is none."""
        if len(forms) < 2:
            return ""
        return next((name for name in forms[0].schema["properties"] if self._selects(forms, name)), "")

    def _selects(self, forms: Sequence[_Form], name: str) -> bool:
        values = [self._constants(form, name) for form in forms]
        return all(values) and len({one for found in values for one in found}) == sum(map(len, values))

    def _constants(self, form: _Form, name: str) -> tuple[str, ...]:
        """Return the values that select a form by a field; nothing if the field does not select one."""
        field = form.schema["properties"].get(name, {})
        return tuple(str(value) for one in self._forms(field) for value in values_of(one.schema))

    # Steps

    def _below(self, spots: Sequence[_Spot], path: Sequence[str], part: str) -> tuple[list[_Spot], bool]:
        """Return what a part of a path leads to, and True if it exists in all forms of the values before it."""
        chosen = [found for spot in spots for found in self._chosen(spot, part)]
        if chosen:
            return chosen, len({*(one for spot in spots for one in spot.only)}) == 0 or len(spots) == len(chosen)
        found, forms = [], 0
        for spot in spots:
            mappings = self._mappings(spot.schema)
            forms += len(mappings)
            selector = self._selector(mappings)
            if selector and part == selector:
                found.append(self._choice(spot, mappings, selector))
                forms -= len(mappings) - 1
                continue
            for form in mappings:
                if part in form.schema["properties"]:
                    labels = tuple(f"{selector}: {one}" for one in self._constants(form, selector)) if selector else ()
                    required = part in form.schema.get("required", ())
                    only = tuple(_joined(before, label) for before in spot.only or ("",) for label in labels or ("",))
                    found.append(_Spot(form.schema["properties"][part], required, tuple(filter(None, only))))
        if found:
            return found, len(found) == forms
        entered = [spot for spot in self._entered(spots) if spot.schema]
        if not entered or any("items" in form.schema for spot in spots for form in self._forms(spot.schema)):
            raise UnknownPathError(path, part, self._names(spots))
        return entered, True

    def _choice(self, spot: _Spot, forms: Sequence[_Form], selector: str) -> _Spot:
        """Return the field that selects a form, with the values of all forms."""
        choices = self._variants(forms, selector)
        required = all(selector in form.schema.get("required", ()) for form in forms)
        text = "It selects the other fields of the mapping."
        schema = {"type": "string", "enum": [one.value for one in choices]}
        return _Spot(schema, required, spot.only, text, choices)

    def _variants(self, forms: Sequence[_Form], selector: str) -> tuple[Variant, ...]:
        return tuple(Variant(value, form.description) for form in forms for value in self._constants(form, selector))

    def _chosen(self, spot: _Spot, part: str) -> Iterator[_Spot]:
        """Yield the forms that a value selects."""
        mappings = self._mappings(spot.schema)
        selector = self._selector(mappings)
        for form in mappings:
            if selector and part in self._constants(form, selector):
                only = spot.only if selector != _TARGET else (f"{selector}: {part}",)
                yield _Spot(form.schema, spot.required, only, form.description)

    def _entered(self, spots: Sequence[_Spot]) -> list[_Spot]:
        """Return the entries of lists, and of mappings by name."""
        return [
            _Spot(inner, only=spot.only)
            for spot in spots
            for form in self._forms(spot.schema)
            if isinstance(inner := form.schema.get("items") or form.schema.get("additionalProperties"), Mapping)
        ]

    def _names(self, spots: Iterable[_Spot]) -> Iterator[str]:
        """Yield the parts that can follow."""
        for spot in spots:
            mappings = self._mappings(spot.schema)
            selector = self._selector(mappings)
            for form in mappings:
                yield from form.schema["properties"]
                yield from self._constants(form, selector) if selector else ()

    # Explanations

    def _explanation(self, path: str, spot: _Spot) -> FieldExplanation:
        forms = list(self._forms(spot.schema))
        mappings = self._mappings(spot.schema)
        selector = self._selector(mappings)
        lists_members = not selector or selector == _TARGET
        text = spot.text if spot.text is not None else spot.schema.get("description") or _first(forms)
        return FieldExplanation(
            path=path,
            only=spot.only,
            type=type_of(self._resolved(spot.schema)),
            required=spot.required,
            description=text,
            default=_without_nulls(spot.schema.get("default")),
            values=tuple(value for form in forms for value in values_of(form.schema)),
            limits=tuple(dict.fromkeys(limit for form in forms for limit in limits_of(form.schema))),
            expands=self._expands(spot.schema),
            selected_by=selector,
            variants=self._variants(mappings, selector) if selector else spot.choices,
            members=tuple(self._members(mappings, selector)) if lists_members else (),
        )

    def _members(self, forms: Sequence[_Form], selector: str) -> Iterator[Member]:
        """Yield the fields of all forms. A field with different meanings is yielded for each of them."""
        found: dict[str, tuple[Member, list[_Form]]] = {}
        for form in forms:
            for name, schema in form.schema["properties"].items():
                required = name in form.schema.get("required", ()) and "default" not in schema
                text = schema.get("description") or _first(self._forms(schema))
                member = Member(name, type_of(self._resolved(schema)), required, text)
                found.setdefault(json.dumps([name, member.type, required, text]), (member, []))[1].append(form)
        for member, having in found.values():
            is_partial = len(having) < len(forms)
            labels = (f"{selector}: {one}" for form in having for one in self._constants(form, selector))
            yield replace(member, only=tuple(labels) if is_partial and selector else ())

    def _resolved(self, schema: Schema) -> list[Schema]:
        """Return the forms of a value, with the forms of the entries of lists and mappings in their place."""
        found: list[Schema] = []
        for form in self._forms(schema):
            inner = {
                key: self._resolved(form.schema[key])
                for key in ("items", "additionalProperties")
                if isinstance(form.schema.get(key), Mapping)
            }
            found.append({**form.schema, **inner})
        return found


def _without_nulls(value: Any) -> Any:
    """Return a default without the fields that are left out by default."""
    return {key: item for key, item in value.items() if item is not None} if isinstance(value, dict) else value


def _joined(before: str, label: str) -> str:
    return f"{before}, {label}" if before and label else before or label


def _first(forms: Iterable[_Form]) -> str:
    return next((form.description for form in forms if form.description), "")
