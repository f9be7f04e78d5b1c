"""JSON Schemas are refused as OpenAI refuses them, and the validation warns about exactly these."""

import pytest
from hypothesis import given, strategies as st

from reconciler.emulator.errors import ApiError
from reconciler.emulator.json_schemas import check_format, check_function
from reconciler.resources.assistants.schema_refusals import check_parameters, subschemas

TEXT = {"type": "string"}


def obj(**properties):
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def refused(schema, *, strict):
    """Return the message for parameters; None if they are accepted."""
    try:
        check_function({"name": "f", "parameters": schema, "strict": strict}, "tools[0]")
    except ApiError as error:
        return error.message
    return None


def warned(schema, *, strict):
    return list(check_parameters(subschemas((), schema), strict=strict))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (obj(a={"type": "array"}), "In context=('properties', 'a'), array schema missing items."),
        (obj() | {"anyOf": [TEXT]}, "not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level"),
        ({"type": "object", "additionalProperties": False}, "In context=(), object schema missing properties."),
    ],
)
def test_some_parameters_are_refused_even_if_not_strict(schema, said):
    assert said in refused(schema, strict=False)
    assert warned(schema, strict=False)
    assert said in refused(schema, strict=True)


def test_parameters_must_say_that_they_are_an_object():
    assert "got 'type: \"None\"'" in refused({"properties": {"a": TEXT}}, strict=False)
    assert warned({"properties": {"a": TEXT}}, strict=False)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (obj() | {"additionalProperties": True}, "'additionalProperties' is required to be supplied and to be false"),
        (obj(a=TEXT) | {"required": []}, "Missing 'a'."),
        (obj() | {"required": ["b"]}, "Extra required key 'b' supplied."),
        (obj(a={"oneOf": [TEXT]}), "In context=('properties', 'a'), 'oneOf' is not permitted."),
        (obj(a={"allOf": [TEXT]}), "'allOf' is not permitted."),
        (obj(a={"properties": {"b": TEXT}}), "schema must have a 'type' key."),
        (obj(a={}), "schema must have a 'type' key."),
        (obj(a={"$ref": "#/$defs/gone"}), "'#/$defs/gone' which was not found"),
        (obj(a={"$ref": "https://example.com/a.json"}), "which was not found"),
    ],
)
def test_more_is_refused_if_strict(schema, said):
    assert said in refused(schema, strict=True)
    assert warned(schema, strict=True)
    assert refused(schema, strict=False) is None
    assert not warned(schema, strict=False)


@pytest.mark.parametrize(
    "schema",
    [
        obj(),
        obj(a={"type": ["string", "null"]}, b={"anyOf": [TEXT, {"type": "null"}]}, c={"enum": ["x"]}, d={"const": 1}),
        obj(a={"type": "array", "items": obj(b=TEXT)}),
        obj(a={"$ref": "#/$defs/a"}, b={"$ref": "#"}) | {"$defs": {"a": TEXT}},
    ],
)
def test_strict_schemas_are_accepted(schema):
    assert refused(schema, strict=True) is None
    assert not warned(schema, strict=True)


def test_the_error_names_the_tool():
    with pytest.raises(ApiError) as caught:
        check_function({"name": "f", "parameters": obj(a={"type": "array"}), "strict": False}, "tools[0]")
    error = caught.value
    assert (error.status, error.param, error.code) == (400, "tools[0].parameters", "invalid_function_parameters")


def test_a_function_without_strict_is_strict_if_its_schema_permits_it():
    loose = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}
    for schema, strict, parameters in (
        (obj(a=TEXT), True, obj(a=TEXT)),
        (loose, True, obj(a=TEXT)),
        (loose | {"required": []}, False, loose | {"required": []}),
        (None, True, None),
    ):
        tool = {"name": "f", "parameters": schema}
        check_function(tool, "tools[0]")
        assert (tool["strict"], tool["parameters"]) == (strict, parameters)


def test_a_strict_text_format_is_checked():
    given = {"type": "json_schema", "name": "answer", "schema": obj(a={"type": "array"}), "strict": True}
    with pytest.raises(ApiError) as caught:
        check_format(given, "text.format.schema")
    assert (caught.value.param, caught.value.code) == ("text.format.schema", "invalid_json_schema")
    check_format({**given, "strict": False}, "text.format.schema")
    check_format({"type": "text"}, "text.format.schema")


def schemas():
    kinds = st.sampled_from(["object", "array", "string", ["string", "null"], ["array", "null"]])
    references = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/properties/a", "a.json"])
    leaves = st.fixed_dictionaries({}, optional={"type": kinds, "$ref": references, "enum": st.just(["x"])})

    def larger(inner):
        names = st.sampled_from(["a", "b"])
        return st.fixed_dictionaries(
            {},
            optional={
                "type": kinds,
                "properties": st.dictionaries(names, inner, max_size=2),
                "required": st.lists(names, max_size=2, unique=True),
                "additionalProperties": st.booleans(),
                "items": inner,
                "anyOf": st.lists(inner, max_size=2),
                "oneOf": st.lists(inner, max_size=2),
                "$defs": st.dictionaries(names, inner, max_size=2),
            },
        )

    return st.recursive(leaves, larger, max_leaves=6)


@given(schemas(), st.booleans())
def test_validation_warns_about_what_is_refused_and_nothing_else(inner, strict):
    schema = obj(a=TEXT) | inner
    assert bool(warned(schema, strict=strict)) == (refused(schema, strict=strict) is not None)
