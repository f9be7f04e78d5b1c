"""Rules for limits: numbers of deletes and archives."""

from dataclasses import replace

import pytest

from reconciler.planning.model import Plan
from reconciler.resources.address import Address
from tests.support.asking import refusal, remedies, rules
from tests.support.guard_estates import Estate
from tests.support.plan_inputs import Worlds, entry, live_id, sha


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
    worlds.synced("vectorstore/kb", files={f"{name}.md": entry(f"{name}.md", name) for name in "abcd"})
    plan = worlds.want("vectorstore/kb", files={}).plan()
    assert counted(plan) == [(4, False)]
    for name in "abcd":
        worlds.want_file(f"{name}.md", name)
    assert rules(worlds) == [("threshold", "project/acme")]
    assert counted(worlds.plan()) == [(4, True)]


def test_a_file_that_is_edited_to_what_the_store_has_already_is_not_detached():
    """Equal files of one name share an upload, so that the store gets nothing in place of the former one, which a
    release has, too.
    """
    worlds = Worlds().stays_file("kb/a.md", "new").stays_file("old/a.md", "old")
    worlds.applied_file(f"old/a.md@{sha('old')[:12]}", "old", id_=live_id("file/old/a.md", "file"))
    worlds.want_file(f"old/a.md@{sha('old')[:12]}", "old")
    worlds.synced("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "new"), "old/a.md": entry("old/a.md", "old")})
    worlds.want_file("kb/a.md", "new").want_file("old/a.md", "new")
    worlds.want("vectorstore/kb", files={"kb/a.md": entry("kb/a.md", "new"), "old/a.md": entry("old/a.md", "new")})
    assert rules(worlds, max_deletes=0) == []


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


class TestReplacements:
    def test_replacements_count_as_deletes(self):
        found = refusal(replacing(4))
        assert (found.rule, found.action, found.cause.code) == ("threshold", "delete", "too-many-deletes")
        assert (found.cause.args["number"], found.cause.args["deleted"], found.cause.args["replaced"]) == (
            4,
            False,
            True,
        )
        assert remedies(found) == {"raise-deletes": {"number": 4, "address": "project/acme"}}

    def test_replacements_and_deletes_are_one_number(self):
        worlds = replacing(2)
        assert rules(worlds) == []
        worlds.stays("widget/a").stays("widget/b")
        assert refusal(worlds).cause.args["number"] == 4

    def test_replacements_within_the_limit_are_allowed(self):
        assert rules(replacing(4), max_deletes=4) == []

    def test_objects_that_do_not_exist_any_more_are_created_and_do_not_count(self):
        worlds = Worlds()
        for index in range(4):
            worlds.applied(f"widget/w{index}").want(f"widget/w{index}")
        worlds.synced("widget/there")
        assert rules(worlds) == []

    def test_uploads_of_edited_files_do_not_count(self):
        """The content is in Git, and no application knows their ids."""
        worlds = Worlds()
        for name in "abcd":
            worlds.stays_file(f"{name}.md", f"old {name}").want_file(f"{name}.md", name)
        assert [change.action for change in worlds.plan().changes] == ["replace"] * 4
        assert rules(worlds, max_deletes=0) == []

    def test_the_subject_of_a_consent_depends_on_the_replaced_objects(self):
        assert refusal(replacing(5)).subject != refusal(replacing(6)).subject


class TestArchives:
    def test_archives_by_an_edit_have_a_limit_of_their_own(self):
        estate = desk(3).gone("release/desk@1", "release/desk@2")
        assert rules(estate, max_archives=2, max_deletes=0) == []
        found = refusal(estate, max_archives=1)
        assert (found.rule, found.action, found.cause.code) == ("threshold", "archive", "too-many-archives")
        assert remedies(found) == {"raise-archives": {"number": 2, "address": "project/acme"}}

    def test_archives_that_follow_from_a_removed_assistant_count(self):
        found = refusal(desk(2, published=None).gone("assistant/triage"), max_archives=1)
        assert (found.cause.code, found.cause.args["number"]) == ("too-many-archives", 2)

    def test_archives_by_retention_do_not_count(self):
        estate = desk(6)
        chatbot = Address.parse("chatbot/desk")
        estate.wanted[chatbot] = replace(estate.wanted[chatbot], options={"keep": 1})
        plan = estate.plan(max_archives=0)
        assert len([change for change in plan.changes if change.action == "archive"]) == 8
        assert plan.refusals == ()

    def test_both_limits_are_refused_beside_each_other_and_each_has_its_consent(self):
        estate = desk(2, published=None).gone("assistant/triage")
        causes = [one.cause.code for one in estate.plan(max_archives=0, max_deletes=0).refusals]
        assert causes == ["too-many-deletes", "too-many-archives"]


def replacing(number: int) -> Worlds:
    worlds = Worlds()
    for index in range(number):
        worlds.stays(f"widget/w{index}", size="small").want(f"widget/w{index}", size="large")
    return worlds


def desk(releases: int, *, published: int | None = 3) -> Estate:
    """A chatbot with releases of one assistant, each of which is a release and a copy."""
    estate = Estate().assistant("triage").assistant("other").bot("desk", assistant="other", published=published)
    for number in range(1, releases + 1):
        estate.release("desk", number, assistant="triage")
    return estate
