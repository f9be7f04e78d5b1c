"""Types and limits as words."""

import pytest

from reconciler.explanations.limits import limits_of, type_of


@pytest.mark.parametrize(
    ("forms", "words"),
    [
        ([{"type": "string"}], "string"),
        ([{"type": ["string", "null"]}], "string or null"),
        ([{"type": "null"}, {"type": "string"}], "string or null"),
        ([{"type": ["boolean", "integer", "number", "string"]}], "boolean, number or string"),
        ([{"type": "array", "items": [{"type": "object"}]}], "list of mappings"),
        ([{"type": "array", "items": [{"type": "string"}, {"type": "object"}]}], "list of (string or mapping)"),
        ([{"type": "array"}], "list"),
        ([{"type": "object", "additionalProperties": [{"type": "string"}]}], "mapping of strings"),
        ([{"const": "a"}], "string"),
        ([{"enum": [True, None]}], "boolean or null"),
        ([{}], "any value"),
        ([], "any value"),
    ],
)
def test_type_is_named_as_in_yaml(forms, words):
    assert type_of(forms) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, []),
        ({"minLength": 1}, ["at least 1 character"]),
        ({"minLength": 1, "maxLength": 64}, ["1 to 64 characters"]),
        ({"minItems": 2, "maxItems": 2}, ["2 items"]),
        ({"maxItems": 2_000}, ["at most 2,000 items"]),
        ({"maxProperties": 1}, ["at most 1 pair"]),
        ({"minimum": 0, "exclusiveMaximum": 2.5}, ["at least 0", "less than 2.5"]),
        ({"multipleOf": 5, "uniqueItems": True}, ["a multiple of 5", "no item twice"]),
        ({"pattern": "^a$"}, ["pattern ^a$"]),
        ({"propertyNames": {"pattern": "^a$", "maxLength": 3}}, ["keys: at most 3 characters", "keys: pattern ^a$"]),
        ({"propertyNames": {"enum": ["GET", "POST"]}}, ["keys GET, POST"]),
    ],
)
def test_limits_are_named(schema, words):
    assert list(limits_of(schema)) == words
