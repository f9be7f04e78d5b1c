"""Messages and hints for invalid specs."""

from typing import Annotated, Literal, TypeAlias

import pytest
from pydantic import Field, ValidationError

from reconciler.manifests.validation_errors import explain
from reconciler.resources.base import Spec


@pytest.mark.parametrize(
    ("spec", "place", "code", "message", "hint"),
    [
        (
            "{target: cloud, instrctions: x}",
            "4:23",
            "unknown-field",
            "unknown field `instrctions`",
            "did you mean `instructions`?",
        ),
        ("{target: cloud, instructions: [x]}", "4:37", "wrong-type", "expected a string, found a list", ""),
        ("{target: cloud, instructions: 5}", "4:37", "wrong-type", "expected a string, found 5", "write it in quotes"),
        ("{target: cloud, temperature: hot}", "4:36", "wrong-type", "expected a number, found the string 'hot'", ""),
        ("{target: cloud, temperature: 3}", "4:36", "out-of-range", "expected at most 2.0, found 3", ""),
        ("{target: cloud, tools: {}}", "4:30", "wrong-type", "expected a list, found a mapping", ""),
        ("{target: cloud, stop: 5}", "4:29", "wrong-type", "expected a string or a list, found 5", ""),
        ("{target: cloud, stop: [a, 5]}", "4:33", "wrong-type", "expected a string, found 5", "write it in quotes"),
        (
            "{target: cloud, model: lrge}",
            "4:30",
            "unknown-value",
            "found the string 'lrge', expected `small` or `large`",
            "did you mean `large`?",
        ),
        (
            "{target: cloud, tools: [{type: serch}]}",
            "4:38",
            "unknown-type",
            "found `serch`, expected one of `search`, `function`",
            "did you mean `search`?",
        ),
        (
            "{target: cloud, tools: [{stores: []}]}",
            "4:31",
            "missing-field",
            "the field `type` is missing; it sets the type of this object",
            "",
        ),
        ("{target: cloud, tools: [{type: function}]}", "4:31", "missing-field", "the field `name` is missing", ""),
        (
            "{target: cloud, tools: [{type: function, name: f, nmae: g}]}",
            "4:57",
            "unknown-field",
            "unknown field `nmae`",
            "did you mean `name`?",
        ),
        (
            "{target: cloud, metadata: {a: {function: x}}}",
            "4:37",
            "wrong-type",
            "expected a string, found a mapping",
            "",
        ),
        ("{target: cloud, prompt: x}", "4:23", "unknown-field", "unknown field `prompt`", "write `instructions`"),
        (
            "{}",
            "4:7",
            "missing-target",
            "this Bot does not have a target",
            "set `spec.target`, or `spec.defaults.target` in project.yaml, to `cloud`, `local`",
        ),
        (
            "{target: clowd}",
            "4:16",
            "unknown-value",
            "found 'clowd', expected one of `cloud`, `local`",
            "did you mean `cloud`?",
        ),
        (
            "{target: local, temperature: 1}",
            "4:23",
            "other-target",
            "target local does not support `temperature`; target cloud does",
            "a local bot is always at 0",
        ),
        (
            "{target: local, model: large}",
            "4:30",
            "other-target",
            "target local does not support `model: large`; target cloud does",
            "",
        ),
        ("[]", "4:7", "wrong-type", "expected a mapping, found a list", ""),
    ],
)
def test_error_has_a_place_a_message_and_a_hint(folder, spec, place, code, message, hint):
    folder.write("bot.yaml", f"apiVersion: reconciler/v1\nkind: Bot\nmetadata: {{name: triage}}\nspec: {spec}")
    (problem,) = folder.load().problems
    assert (str(problem.place), problem.code) == (f"bot.yaml:{place}", code)
    assert (problem.message, problem.hint) == (message, hint)


class Leaf(Spec):
    type: Literal["leaf"]
    value: int


class Tree(Spec):
    type: Literal["tree"]
    inside: list["Node"]


Node: TypeAlias = Annotated[Leaf | Tree, Field(discriminator="type")]


class Holder(Spec):
    node: Node


def test_errors_in_recursive_models_have_paths():
    value = {"node": {"type": "tree", "inside": [{"type": "tree", "inside": [{"type": "leaf", "valu": 1}]}]}}
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate(value)
    place = ("node", "inside", 0, "inside", 0)
    missing, unknown = explain(caught.value, Holder, value)
    assert (missing.path, missing.message) == ((*place, "value"), "the field `value` is missing")
    assert (unknown.path, unknown.hint) == ((*place, "valu"), "did you mean `value`?")


def test_unknown_field_of_a_value_that_no_other_target_supports_is_unknown(folder):
    folder.bot("{target: cloud, tools: [{type: search, max: 1}]}")
    (problem,) = folder.load().problems
    assert problem.code == "unknown-field"


def test_number_of_reported_problems_is_limited(folder):
    folder.bot("{target: cloud, stop: [" + "1, " * 20_000 + "]}")
    assert folder.problems()[0].endswith("[too-many-problems]: 19,001 more problems are not shown")


def test_all_errors_are_reported_at_once(folder):
    folder.bot(
        "\n  target: cloud\n  modl: small\n  temperature: 7\n  tools:\n  - {type: function, parameters: []}\n",
        name="Triage",
        more="lifecycle: {ignore: [modell, model], protct: true}\n",
    )
    folder.write("store.yaml", "kind: Stoer\napiVersion: reconciler/v2\nmetadata: {name: s, colour: red}\n")
    assert [problem.split("\n")[0] for problem in folder.problems()] == [
        "bot.yaml:3:18: error[invalid-name]: `Triage` is not a valid name",
        "bot.yaml:4:38: error[unknown-field]: unknown field `protct`",
        "bot.yaml:8:3: error[unknown-field]: unknown field `modl`",
        "bot.yaml:9:16: error[out-of-range]: expected at most 2.0, found 7",
        "bot.yaml:11:5: error[missing-field]: the field `name` is missing",
        "bot.yaml:11:34: error[wrong-type]: expected a mapping, found a list",
        "store.yaml:1:7: error[unknown-kind]: unknown kind `Stoer`",
        "store.yaml:2:13: error[unknown-value]: expected `reconciler/v1`, found `reconciler/v2`",
        "store.yaml:3:21: error[unknown-field]: unknown field `colour`",
    ]


def test_unknown_field_in_lifecycle_ignore_is_an_error(folder):
    folder.bot(more="lifecycle: {ignore: [modell, model]}\n")
    assert folder.problems() == [
        "bot.yaml:4:22: error[unknown-field]: unknown field `modell`\n  did you mean `model`?",
    ]
