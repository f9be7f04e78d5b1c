"""`diff`: what changed between two versions of a chatbot."""

import pytest

from reconciler.releases.comparison import Comparison
from reconciler.releases.diff import diff
from reconciler.releases.release import release
from reconciler.resources.problems import ReconcilerError
from reconciler.resources.values import ABSENT
from tests.support.desk import Desk


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """With a release."""
    release(desk.root, {}, "support")
    return desk


def compared(desk: Desk, before: str, after: str, env: str | None = None) -> Comparison:
    return diff(desk.root, {}, before, after, env=env)


def fields(found: Comparison) -> dict[str, list[str]]:
    return {str(one.address): [item.path for item in one.fields] for one in found.objects}


@pytest.mark.parametrize("name", ["support", "chatbot/support", "support@1", "release/support@1"])
def test_equal_versions_have_no_changes(desk: Desk, name: str) -> None:
    found = compared(desk, "support@1", name)
    assert (found.same, found.environment) == (True, "staging")


def test_a_prompt_a_function_and_a_setting(desk: Desk) -> None:
    desk.edit("prompts/triage.md", "shortly", "at length")
    desk.edit(
        "assistants/triage.yaml", "name: call, parameters: {type: object", "name: ring, parameters: {type: object"
    )
    desk.edit("assistants/triage.yaml", "[handbook]", "[handbook], max_num_results: 4")
    found = compared(desk, "support@1", "support")
    tools = ["tools.file_search", "tools.function:call", "tools.function:ring"]
    assert [path.partition(".max")[0] for path in fields(found)["assistant/triage"]] == ["instructions", *tools]
    assert (found.files, found.variables) == ((), ())


def test_files_are_compared_by_content(desk: Desk) -> None:
    desk.edit("kb/hours.md", "five", "six")
    desk.write("kb/new.md", "New.\n")
    (desk.root / "kb/prices.md").unlink()
    found = compared(desk, "support@1", "support")
    assert [(one.path, bool(one.before), bool(one.after)) for one in found.files] == [
        ("kb/hours.md", True, True),
        ("kb/new.md", False, True),
        ("kb/prices.md", True, False),
    ]
    assert fields(found) == {"vectorstore/handbook": ['files["kb/new.md"]', 'files["kb/prices.md"]']}


def test_added_and_removed_objects(desk: Desk) -> None:
    desk.edit("pipelines/flow.yaml", "assistant: triage", "assistant: closer")
    found = compared(desk, "support@1", "support")
    words = {str(one.address): one.word for one in found.objects}
    assert words == {"assistant/triage": "removed", "pipeline/flow": "changed", "vectorstore/handbook": "removed"}
    back = {str(one.address): one.word for one in compared(desk, "support", "support@1").objects}
    assert back == {"assistant/triage": "added", "pipeline/flow": "changed", "vectorstore/handbook": "added"}


def test_variables_of_every_environment_and_values_of_one(desk: Desk) -> None:
    desk.edit("project.yaml", "phone: 555-9, warmth: 1", "phone: 555-9, warmth: 0.75")
    found = compared(desk, "support@1", "support")
    assert [(one.environment, one.name, one.before, one.after) for one in found.variables] == [
        ("production", "warmth", 1, 0.75)
    ]
    assert fields(found) == {}
    assert fields(compared(desk, "support@1", "support", "production")) == {"assistant/triage": ["temperature"]}


def test_a_variable_that_is_used_no_longer(desk: Desk) -> None:
    desk.edit("assistants/triage.yaml", "  temperature: ${var.warmth}\n", "")
    found = compared(desk, "support@1", "support")
    assert {(one.name, one.after) for one in found.variables} == {("warmth", ABSENT)}


@pytest.mark.parametrize(
    ("before", "env", "code"),
    [
        ("support@2", None, "unknown-address"),
        ("suport", None, "unknown-address"),
        ("support", "stagin", "unknown-environment"),
    ],
)
def test_unknown_versions_are_errors(desk: Desk, before: str, env: str | None, code: str) -> None:
    with pytest.raises(ReconcilerError) as error:
        compared(desk, before, "support@1", env)
    assert [problem.code for problem in error.value.problems] == [code]


def test_a_release_without_the_values_of_an_environment(desk: Desk) -> None:
    desk.edit("project.yaml", "    production:", "    canary: {variables: {phone: 555-0, warmth: 2}}\n    production:")
    with pytest.raises(ReconcilerError, match="no value for phone, warmth in canary"):
        compared(desk, "support@1", "support", "canary")


def test_an_archived_release(desk: Desk) -> None:
    text = desk.read("releases/support/v1.yaml")
    desk.write("releases/support/v1.yaml", text.partition("  content:")[0] + "  archived: true\n")
    with pytest.raises(ReconcilerError, match=r"git log -p -- ops/releases/support/v1\.yaml"):
        compared(desk, "support@1", "support")
