"""References to releases: missing, archived, edited and duplicate ones."""

import pytest

from reconciler.manifests import load
from reconciler.releases.release import release
from tests.support.desk import Desk, write

FIRST = "releases/support/v1.yaml"
CHATBOT = "chatbots/support.yaml"


@pytest.fixture
def desk(tmp_path) -> Desk:
    """With a release."""
    made = write(tmp_path)
    release(made.root, {}, "support", vendor=True)
    return made


def problems(desk: Desk) -> list[tuple[str, str, str]]:
    """Place, code and hint of each."""
    loaded = load(desk.root, env="staging")
    found = [*loaded.problems, *(one.problem for one in loaded.dangling)]
    return [(str(one.place), one.code, one.hint) for one in found]


def archived(desk: Desk) -> None:
    desk.write(FIRST, desk.read(FIRST).partition("  content:")[0] + "  archived: true\n")


def publishes(desk: Desk, number: int) -> None:
    desk.write(CHATBOT, f"{desk.read(CHATBOT)}  published: {number}\n")


def test_publishing_an_unknown_release_is_a_dangling_reference(desk):
    publishes(desk, 2)
    assert problems(desk) == [("chatbots/support.yaml:6:14", "dangling-reference", "did you mean `support@1`?")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("spec:\n", "spec:\n  mesage: first\n"),
        ("kind: ChatbotVersion", "kind: ChatbotVersio"),
        ("name: support@1", "title: support@1"),
    ],
)
@pytest.mark.parametrize("name", ["support", "helpdesk"])
def test_references_to_a_release_whose_manifest_has_errors_are_not_reported(desk, old, new, name):
    publishes(desk, 1)
    desk.edit("pipelines/flow.yaml", "assistant: closer", f"assistant: closer@{name}.1")
    if name != "support":
        desk.edit(CHATBOT, "name: support}", f"name: {name}}}\nlifecycle: {{moved_from: support}}")
    desk.edit(FIRST, old, new)
    assert {place.partition(":")[0] for place, _, _ in problems(desk)} == {FIRST}


@pytest.mark.parametrize("lifecycle", ["{ignore: [digest]}", "{protect: true}", "{moved_from: support}", "{}"])
def test_a_release_has_no_lifecycle(desk, lifecycle):
    """Otherwise it could exempt its digest from the comparison with what was released."""
    desk.edit(FIRST, "spec:\n", f"lifecycle: {lifecycle}\nspec:\n")
    assert [(code, hint) for _, code, hint in problems(desk)] == [
        ("unknown-field", "remove `lifecycle` and everything below it")
    ]


def test_publishing_an_archived_release_is_an_error(desk):
    publishes(desk, 1)
    archived(desk)
    hint = "an archived release cannot be restored; remove the reference"
    assert problems(desk) == [("chatbots/support.yaml:6:14", "archived-reference", hint)]


def test_reference_to_a_copy_of_an_archived_release_is_an_error(desk):
    desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: closer@support.1")
    assert problems(desk) == []
    archived(desk)
    hint = "use `closer` instead"
    assert problems(desk) == [("pipelines/flow.yaml:7:40", "archived-reference", hint)]


def test_archived_release_with_content_is_archived(desk):
    desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: closer@support.1")
    desk.edit(FIRST, "spec:\n", "spec:\n  archived: true\n")
    assert [code for _, code, _ in problems(desk)] == ["archived-reference"]


def test_edited_release_is_an_error(desk):
    desk.edit(FIRST, "Answer shortly", "Answer at length")
    ((place, code, hint),) = problems(desk)
    assert (place.partition(":")[0], code) == (FIRST, "edited-release")
    assert (
        hint == "releases cannot be edited; restore the file from Git, and release the chatbot again under a new number"
    )


def test_two_releases_with_one_number_are_an_error(desk):
    desk.write("releases/support/v1-again.yaml", desk.read(FIRST))
    ((place, code, hint),) = problems(desk)
    assert (place, code) == ("releases/support/v1.yaml:6:9", "duplicate-address")
    assert hint.endswith("remove the other, then run `reconciler release support`")
