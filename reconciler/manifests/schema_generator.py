"""JSON Schemas of Pydantic models, with the docstrings of fields as descriptions.

Docstrings are read from the source code, and only when a schema is generated. Pydantic's `use_attribute_docstrings`
reads them when the models are imported, which adds about 65 ms to every command.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

REFERENCE: Final = "#/$defs/{model}"
BRANCHES: Final = ("anyOf", "oneOf")
_SCALARS: Final = frozenset({"boolean", "integer", "null", "number", "string"})


def generate(models: Sequence[type[BaseModel]]) -> tuple[dict[type[BaseModel], JsonSchemaValue], dict[str, Any]]:
    """Return a reference to the schema of each model, and the definitions that they refer to, by name.

    Models of one name get definitions of different names.
    """
    references, made = models_json_schema(
        [(model, "validation") for model in models], ref_template=REFERENCE, schema_generator=_Generator
    )
    return {model: references[model, "validation"] for model in models}, made["$defs"]


def referred(schema: Mapping[str, Any]) -> str:
    """Return the name of the definition that a schema refers to; empty if it is not a reference."""
    return str(schema.get("$ref", "")).removeprefix(REFERENCE.format(model=""))


def reached(schema: Any, definitions: Mapping[str, Any]) -> set[str]:
    """Return the names of the definitions that a schema refers to, directly or through others."""
    names: set[str] = set()
    pending = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            name = referred(value)
            if name in definitions and name not in names:
                names.add(name)
                pending.append(definitions[name])
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return names


def described(schema: JsonSchemaValue, title: str, description: str) -> JsonSchemaValue:
    """Return `schema` with a title and a description, and every `$ref` in its branches too.

    Editors show the description of the branch that matches: without one, that is the description of the model.
    """
    branches: dict[str, Any] = {
        key: [
            described(one, title, description) if "$ref" in one or not one.keys().isdisjoint(BRANCHES) else one
            for one in schema[key]
        ]
        for key in BRANCHES
        if key in schema
    }
    return {**schema, **branches, "title": title, "description": description}


class _Generator(GenerateJsonSchema):
    """Adds descriptions, and writes what editors show in a shorter form."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        if "description" in made:
            made["description"] = " ".join(made["description"].split())
        model: type[BaseModel] = schema["cls"]
        documented = field_docstrings(model)
        for name, field in model.model_fields.items():
            key = field.alias or name
            value = made["properties"][key]
            if "const" in value or value.get("default", ...) is None:
                # Editors would offer a constant, or null for the absence of the field.
                value.pop("default", None)
            made["properties"][key] = described(value, key, documented[name]) if name in documented else value
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Refuse keys that do not match: `patternProperties` alone accepts any value under them."""
        made = super().dict_schema(schema)
        if "patternProperties" in made:
            [(pattern, values)] = made.pop("patternProperties").items()
            made |= {"propertyNames": {"pattern": pattern}, "additionalProperties": values}
        return made

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return _without_branches(super().nullable_schema(schema))

    def union_schema(self, schema: core_schema.UnionSchema) -> JsonSchemaValue:
        return _without_branches(super().union_schema(schema))


def _without_branches(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Join branches of different scalar types to one schema: editors show the title of every branch that matches."""
    joined: JsonSchemaValue = {"type": []}
    for branch in schema.get("anyOf", ()):
        rest = {key: value for key, value in branch.items() if key != "type"}
        if branch.get("type") not in _SCALARS or not rest.keys().isdisjoint({*joined, "enum", "const"}):
            return schema
        joined = {**joined, **rest, "type": [*joined["type"], branch["type"]]}
    return joined if joined["type"] else schema


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings of a model's fields on one line each, inherited ones included, by the field's name."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _docstrings_in(base.__module__).get(base.__qualname__, {})
    return found


@cache
def _docstrings_in(module: str) -> Mapping[str, Mapping[str, str]]:
    """Return the docstrings of the fields in a module, by class; empty if the source code is not installed."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):
        return {}
    return {node.name: dict(_documented(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _documented(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement, following in pairwise(node.body):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())
