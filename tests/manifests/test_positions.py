from reconciler.manifests.positions import json_positions, yaml_positions

YAML = """\
# a comment
spec:
  tools:
    - {type: search, "max": 3}
    - type: function
      parameters: &shared
        x: 1
  other: *shared
"""
JSON = """{
  "a": [1, {"b\\n": "x, {[ \\" "}],
  "c": null
}
"""


def test_position_of_a_value_is_its_start():
    root = yaml_positions(YAML)
    assert root.find(()) == ((1, 0), 0)
    assert root.find(("spec", "tools", 0, "max")) == ((3, 28), 4)
    assert root.find(("spec", "tools", 1, "parameters", "x")) == ((6, 11), 5)


def test_position_of_a_missing_value_is_that_of_the_closest_value_around_it():
    root = yaml_positions(YAML)
    assert root.find(("spec", "tools", 7, "name")) == ((3, 4), 2)
    assert root.find_key(("spec", "nothing", "at all")) == (2, 2)


def test_keys_have_positions():
    root = yaml_positions(YAML)
    assert root.find_key(("spec", "tools", 0, "max")) == (3, 21)
    assert root.find_key(("spec",)) == (1, 0)
    assert root.find_key(()) == (1, 0)


def test_position_of_an_alias_is_its_use_and_of_its_contents_the_anchor():
    root = yaml_positions(YAML)
    assert root.find(("spec", "other")) == ((7, 9), 2)
    assert root.find(("spec", "other", "x")) == ((6, 11), 3)


def test_json_values_have_positions():
    root = json_positions(JSON)
    assert root.find(("a", 1, "b\n")) == ((1, 19), 3)
    assert root.find_key(("a", 1, "b\n")) == (1, 12)
    assert root.find(("c",)) == ((2, 7), 1)
