"""References, declared on the fields of manifest models: `Annotated[str, Ref("vectorstore")]`.

A field that is declared as a reference is one in every module: its text is checked, it is serialised as a canonical
reference or as a literal id, validation checks that the target exists, the guard and releases follow it, and ids at the
same place in live bodies are read as references.
"""

import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Annotated, Any, Final, ForwardRef, Literal, Self, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reconciler.resources.address import NAME_PATTERN, Address, composed, is_name
from reconciler.resources.base import Path, Reference, Resource, Spec
from reconciler.resources.values import ADDRESS_KEY, JSON, Fields, is_reference, reference

_LITERAL: Final = re.compile(r"[a-z]+_\w+")
"""Ids of the API contain an underscore (`agent_…`, `vs_…`). Names do not."""
_COPY: Final = ", a frozen copy NAME@CHATBOT.N"
_CONTAINERS: Final = (list, tuple, dict)
_SCALARS: Final = frozenset({str, int, float, bool, types.NoneType})
_MAPPINGS: Final = (dict, Mapping)
_LISTS: Final = (list, tuple)
_FROZEN: Final = re.compile(r"[a-z0-9][-a-z0-9]*(\.[1-9][0-9]*)?")


def _is_object_name(name: str) -> bool:
    working, at, frozen = name.partition("@")
    return is_name(working) and (not at or _FROZEN.fullmatch(frozen) is not None)


Replace: TypeAlias = Callable[["Ref", str], JSON]
"""Returns the replacement for the text of a reference."""
Walk: TypeAlias = Callable[[JSON, Replace], JSON]
"""Returns a value with the text of each reference in it replaced; the same object if there is none."""


@dataclass(frozen=True, slots=True)
class Writing:
    """The written form of references to objects of a kind."""

    literal: re.Pattern[str] = _LITERAL
    """Pattern of live ids, which name unmanaged objects."""
    accepts: Callable[[str], bool] = _is_object_name
    """Test whether a text that is not a live id may be the name of an object."""
    message: str = "{text} is not a valid reference to {kind}: write a name, {kind}/NAME{copy}, or an id"
    in_full: bool = True
    """True if the address, `kind/name`, is also allowed."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The declaration that a text field refers to an object.

    If no kind has the prefix, or if there is no prefix, every text is a live id.
    """

    prefix: str = ""
    """First part of the addresses of the objects."""
    type: str = ""
    """Type of the objects whose ids are in live bodies. Default: all types with the prefix."""
    writing: Writing = field(default_factory=Writing)
    through: str = ""
    """First part of the addresses of objects that publish one, and that may be named instead, as `kind/name`: the
    object at OpenAI has the id of what such an object publishes (`planning.runners`)."""

    @property
    def types(self) -> frozenset[str]:
        if self.type:
            return frozenset({self.type})
        return _types_by_prefix().get(self.prefix, frozenset({self.prefix}))

    def target(self, text: str) -> Address | None:
        """Return the address that `text` refers to; None for a live id."""
        if self.prefix not in _types_by_prefix() or self.writing.literal.fullmatch(text):
            return None
        kind, slash, name = text.partition("/")
        if slash and kind == self.through:
            return Address(kind, composed(name))
        return Address(self.prefix, composed(text.removeprefix(f"{self.prefix}/") if self.writing.in_full else text))

    def canonical(self, value: JSON) -> JSON:
        """Return `value` as a reference if it is the text of one; a canonical value is returned unchanged."""
        address = self.target(value) if isinstance(value, str) else None
        return reference(address) if address else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        serialised = core_schema.plain_serializer_function_ser_schema(self.canonical)
        return core_schema.no_info_after_validator_function(self._checked, handler(source), serialization=serialised)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        if self.prefix not in _types_by_prefix() or not self.writing.in_full:
            return handler(schema)
        name = rf"({self.prefix}/)?{NAME_PATTERN}(@[a-z0-9][-a-z0-9]*(\.[1-9][0-9]*)?)?"
        through = f"|{self.through}/{NAME_PATTERN}" if self.through else ""
        return {"type": "string", "pattern": rf"^({self.writing.literal.pattern}|{name}{through})$"}

    def _checked(self, text: str) -> str:
        address = self.target(text)
        accepts = is_name if address and address.kind == self.through else self.writing.accepts
        if address is not None and not accepts(address.name):
            raise PydanticCustomError(
                "reference",
                self.writing.message,
                {"text": repr(text), "kind": self.prefix, "copy": _COPY if _has_copies(self.prefix) else ""},
            )
        return text


@cache
def _has_copies(prefix: str) -> bool:
    """Return True if a release makes copies of the objects of a kind."""
    from reconciler.resources.registry import kinds  # it imports the modules that declare references

    return any(kind.prefix == prefix and kind.frozen for kind in kinds().values())


@cache
def _types_by_prefix() -> Mapping[str, frozenset[str]]:
    """Return the types at OpenAI by the prefix of their addresses; a kind without live objects has none."""
    from reconciler.resources.registry import kinds, resource_types  # they import the modules that declare references

    found: dict[str, frozenset[str]] = {kind.prefix: frozenset() for kind in kinds().values()}
    for one in resource_types().values():
        own = frozenset[str]() if one.in_outlets else frozenset({one.type})
        found[one.address_kind] = found.get(one.address_kind, frozenset()) | own
    return found


def declared(resource: Resource) -> Iterator[Reference]:
    """Return the references in a manifest, as its models declare them."""
    written = resource.spec.model_dump(by_alias=True, exclude_unset=True)
    return (Reference(("spec", *path), address) for path, address in referred(written))


def referred(value: JSON, path: Path = ()) -> Iterator[tuple[Path, Address]]:
    """Return the references in a serialised spec, each with its path, which is the same in the manifest."""
    return _referred(value, path) if _may_refer(value) else iter(())


def _may_refer(value: JSON) -> bool:
    """Return True if a mapping in `value` has the key of references. Most manifests have none, and this is found in a
    quarter of the time of a walk with paths.
    """
    inside = [value]
    for one in inside:
        if isinstance(one, _MAPPINGS):
            if ADDRESS_KEY in one:
                return True
            inside += [item for item in one.values() if item.__class__ not in _SCALARS]
        elif isinstance(one, _LISTS):
            inside += [item for item in one if item.__class__ not in _SCALARS]
    return False


def _referred(value: JSON, path: Path) -> Iterator[tuple[Path, Address]]:
    if is_reference(value):
        yield path, Address.parse(value[ADDRESS_KEY])
        return
    items = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, item in items:
        if type(item) not in _SCALARS:  # a call for each text takes three times as long
            yield from _referred(item, (*path, key))


def localised(
    specs: Sequence[type[Spec]],
    fields: Fields,
    addresses_of: Callable[[str], Sequence[str]],
    expected: frozenset[str],
    literal: frozenset[str] = frozenset(),
) -> Fields:
    """Return `fields` with ids replaced by references, if one is declared and the id has an address.

    Of several addresses (one upload for equal files), one that is `expected` here is preferred, then the first in
    alphabetical order. An id in `literal`, which a manifest has as it is, stays if its address is not expected.
    """

    def named(_ref: Ref, text: str) -> JSON:
        known = addresses_of(text)
        if text in literal and expected.isdisjoint(known):
            return text
        return reference(min(known, key=lambda address: (address not in expected, address))) if known else text

    return _of_specs(specs, fields, named)


def with_names(
    specs: Sequence[type[Spec]], spec: Fields, names: Mapping[str, str], published: Mapping[str, Address]
) -> Fields:
    """Return a spec with the names of manifests instead of their ids, where a reference is declared. The id of what an
    object has `published` is replaced by the address of that object, where it may be named instead (`Ref.through`).
    """

    def named(ref: Ref, text: str) -> JSON:
        publisher = published.get(text)
        return str(publisher) if publisher and publisher.kind == ref.through else names.get(text, text)

    return _of_specs(specs, spec, named)


def canonical(model: type[BaseModel], value: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Return the fields of a model, from a manifest or a bundle, with references where the model declares them."""
    replaced: Mapping[str, JSON] = _of_model(model, value, lambda ref, text: ref.canonical(text))
    return replaced


def ids_in(specs: Sequence[type[Spec]], body: Fields) -> tuple[str, ...]:
    """Return the ids of other objects in a live body, sorted."""
    found: set[str] = set()

    def kept(_ref: Ref, text: str) -> JSON:
        found.add(text)
        return text

    _of_specs(specs, body, kept)
    return tuple(sorted(found))


def ids_by_type(specs: Sequence[type[Spec]], body: Fields) -> Mapping[str, frozenset[str]]:
    """Return the ids of other objects in a live body, by each type that they may have."""
    found: dict[str, set[str]] = {}

    def kept(ref: Ref, text: str) -> JSON:
        for type_ in ref.types:
            found.setdefault(type_, set()).add(text)
        return text

    _of_specs(specs, body, kept)
    return {type_: frozenset(ids) for type_, ids in found.items()}


def types_in(specs: Sequence[type[Spec]]) -> frozenset[str]:
    """Return the types whose ids live bodies of these models may contain."""
    return frozenset().union(*(ref.types for model in specs for ref in _refs(model)))


def prefixes_in(specs: Sequence[type[Spec]]) -> frozenset[str]:
    """Return the first parts of the addresses that manifests of these models may refer to."""
    found = (ref for model in specs for ref in _refs(model))
    return frozenset(prefix for ref in found for prefix in (ref.prefix, ref.through) if prefix)


def _of_specs(specs: Sequence[type[Spec]], fields: Fields, replace: Replace) -> Fields:
    for model in specs:
        fields = _of_model(model, fields, replace)
    return fields


def _of_model(model: type[BaseModel], value: JSON, replace: Replace) -> JSON:
    return _items(value, _walks(model), replace) if isinstance(value, Mapping) else value


@cache
def _walks(model: type[BaseModel]) -> Mapping[str, Walk]:
    """Return the walks of the fields of a model that are or contain references, by the name in manifests."""
    walks = {info.alias or name: _walk(_shape(info), model) for name, info in model.model_fields.items()}
    return {name: walk for name, walk in walks.items() if walk}


def _walk(shape: Any, owner: type[BaseModel]) -> Walk | None:
    """Return the walk of values of a type; None for a type without references.

    A value of another shape is left unchanged. A list may be a mapping by name, as it is in canonical form.
    """
    ref, shape = _ref_of(shape), _resolved(shape, owner)
    origin, arguments = get_origin(shape), get_args(shape)
    if ref is not None:
        return partial(_of_text, ref)
    if not any(isinstance(inside, Ref) or _refs(inside) for inside in _declared(shape, owner)):
        return None
    if _is_model(shape):
        return partial(_of_model, shape)
    if origin in (Union, types.UnionType):
        return partial(_of_union, _Union.of(arguments, owner))
    inner = _walk(arguments[-1] if origin is dict else arguments[0], owner) if origin in _CONTAINERS else None
    return partial(_of_items, inner) if inner else None


def _of_text(ref: Ref, value: JSON, replace: Replace) -> JSON:
    return replace(ref, value) if isinstance(value, str) and value else value


def _of_items(inner: Walk, value: JSON, replace: Replace) -> JSON:
    if isinstance(value, Mapping):
        return _items(value, dict.fromkeys(value, inner), replace)
    if not isinstance(value, list):
        return value
    made = [item if is_reference(item) else inner(item, replace) for item in value]
    return made if any(new is not item for new, item in zip(made, value, strict=True)) else value


@dataclass(frozen=True, slots=True)
class _Union:
    """The walks of the members of a union."""

    by_type: Mapping[str, Sequence[Walk]]
    """Walks by the `type` of a member; empty for a member without references."""
    every: Sequence[Walk]

    @classmethod
    def of(cls, members: Sequence[Any], owner: type[BaseModel]) -> Self:
        by_type: dict[str, list[Walk]] = {}
        every: list[Walk] = []
        for member in members:
            walk = _walk(member, owner)
            own = [walk] if walk else []
            every += own
            for tag in _tags(_resolved(member, owner)):
                by_type.setdefault(tag, []).extend(own)
        return cls(by_type, every)


def _of_union(union: _Union, value: JSON, replace: Replace) -> JSON:
    """Walk as the member for the `type` of the value; as every member, if none has that type."""
    tag = value.get("type") if isinstance(value, Mapping) else None
    walks = union.by_type.get(tag, union.every) if isinstance(tag, str) else union.every
    for walk in walks:
        value = walk(value, replace)
    return value


def _items(value: Mapping[str, JSON], walks: Mapping[str, Walk], replace: Replace) -> JSON:
    changed: dict[str, JSON] = {}
    for key, walk in walks.items():
        item = value.get(key)
        if item is not None and not is_reference(item) and (new := walk(item, replace)) is not item:
            changed[key] = new
    return {**value, **changed} if changed else value


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def _shape(info: FieldInfo) -> Any:
    """Return the annotation of a field with the declaration that pydantic keeps apart from it."""
    ref = next((extra for extra in info.metadata if isinstance(extra, Ref)), None)
    return Annotated[info.annotation, ref] if ref else info.annotation


@cache
def _refs(model: type[BaseModel]) -> frozenset[Ref]:
    """Return every declaration in a model and in the models that its fields contain, which may contain it again."""
    found: set[Ref] = set()
    seen, left = {model}, [model]
    while left:
        refs, models = _own(left.pop())
        found |= refs
        left += models - seen
        seen |= models
    return frozenset(found)


@cache
def _own(model: type[BaseModel]) -> tuple[frozenset[Ref], frozenset[type[BaseModel]]]:
    """Return the declarations in the types of the fields of a model, and the models in these types."""
    inside = {found for info in model.model_fields.values() for found in _declared(_shape(info), model)}
    refs = frozenset(found for found in inside if isinstance(found, Ref))
    return refs, frozenset(found for found in inside if not isinstance(found, Ref))


def _declared(shape: Any, owner: type[BaseModel]) -> Iterator[Ref | type[BaseModel]]:
    """Yield every declaration and every model in a type."""
    ref, shape = _ref_of(shape), _resolved(shape, owner)
    if ref is not None:
        yield ref
    elif _is_model(shape):
        yield shape
    else:
        for argument in get_args(shape):
            yield from _declared(argument, owner)


def _ref_of(shape: Any) -> Ref | None:
    extras = getattr(shape, "__metadata__", ())
    return next((extra for extra in extras if isinstance(extra, Ref)), None)


def _resolved(shape: Any, owner: type[BaseModel]) -> Any:
    """Return the type without annotations; a name in quotes, as in recursive models, is looked up."""
    name = shape.__forward_arg__ if isinstance(shape, ForwardRef) else shape
    if isinstance(name, str):
        return _resolved(getattr(sys.modules[owner.__module__], name, Any), owner)
    return _resolved(get_args(shape)[0], owner) if get_origin(shape) is Annotated else shape


def _tags(shape: Any) -> Sequence[str]:
    if get_origin(shape) in (Union, types.UnionType):
        return [tag for member in get_args(shape) for tag in _tags(member)]
    info = shape.model_fields.get("type") if _is_model(shape) else None
    annotation = info.annotation if info else None
    return get_args(annotation) if get_origin(annotation) is Literal else ()
