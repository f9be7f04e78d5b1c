"""Rules for limits: number of deletes, daily cost."""

import pytest

from reconciler.planning.model import Plan
from tests.support.asking import rules
from tests.support.plan_inputs import Worlds, entry


def deleting(number: int, *, of: int) -> Worlds:
    worlds = Worlds()
    for index in range(of):
        (worlds.stays if index < number else worlds.synced)(f"widget/w{index}")
    return worlds


@pytest.mark.parametrize(
    ("number", "of", "refused"),
    [(3, 3, False), (4, 4, True), (3, 10, False), (4, 10, True), (6, 20, False), (7, 20, True)],
)
def test_three_or_thirty_percent(number, of, refused):
    assert bool(rules(deleting(number, of=of))) is refused


def test_the_project_may_say_another_number():
    assert rules(deleting(4, of=4), max_deletes=4) == []
    assert rules(deleting(1, of=4), max_deletes=0) == [("threshold", "project/acme")]


def test_detached_files_count_once():
    worlds = Worlds()
    for name in "abcd":
        worlds.stays_file(f"{name}.md", name)
    worlds.synced("store/kb", files={f"{name}.md": entry(f"{name}.md", name) for name in "abcd"})
    plan = worlds.want("store/kb", files={}).plan()
    assert counted(plan) == [(4, False)]
    for name in "abcd":
        worlds.want_file(f"{name}.md", name)
    assert rules(worlds) == [("threshold", "project/acme")]
    assert counted(worlds.plan()) == [(4, True)]


def counted(plan: Plan) -> list[tuple[int, bool]]:
    """How many deletes each refusal has counted, and whether detached files are among them."""
    return [(refusal.cause.args["number"], refusal.cause.args["detached"]) for refusal in plan.refusals]


def test_uploads_that_others_have_replaced_do_not_count():
    """A run that was stopped has left them; nobody decided to delete them."""
    worlds = Worlds()
    for name in "abcd":
        worlds.stays_file(f"{name}.md", f"old {name}").want_file(f"{name}.md", name)
        worlds.live_file(f"{name}.md", name, id_=f"new-{name}").announce(f"{name}.md", name)
    assert len([change for change in worlds.plan().changes if change.action == "delete"]) == 4
    assert rules(worlds) == []
