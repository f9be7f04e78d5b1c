"""The order of steps, failures, and what is reported."""

import asyncio
from typing import Any

from reconciler.live.errors import QuotaError
from reconciler.resources.problems import Problem
from tests.applying.fakes import Cloud, applied, carry_out, refused, until
from tests.support.plan_inputs import Worlds, entry, ref


def chain(*names: str) -> Worlds:
    """New widgets, each of which uses the next."""
    worlds = Worlds()
    for name, used in zip(names, [*names[1:], None], strict=True):
        fields: dict[str, Any] = {"uses": ref(f"widget/{used}")} if used else {}
        worlds.want(f"widget/{name}", **fields)
    return worlds


def test_what_is_needed_is_made_first():
    result = applied(chain("a", "b", "c"))
    assert result.cloud.calls == ["create widget/c", "create widget/b", "create widget/a"]
    assert set(result.statuses.values()) == {"done"}


def test_references_are_sent_as_the_ids_that_were_just_made():
    cloud = applied(chain("a", "b")).cloud
    assert [live.fields for live in cloud.objects.values()] == [{}, {"uses": "new_1"}]


def test_referrers_are_removed_first():
    worlds = Worlds().stays("widget/c").stays("widget/b", uses=ref("widget/c")).stays("widget/a", uses=ref("widget/b"))
    assert applied(worlds).cloud.calls == ["delete widget_a", "delete widget_b", "delete widget_c"]


def test_an_object_goes_when_the_last_one_that_used_it_is_repointed():
    worlds = Worlds().stays("widget/old").synced("widget/new").stays("widget/user", uses=ref("widget/old"))
    cloud = applied(worlds.want("widget/user", uses=ref("widget/new"))).cloud
    assert cloud.calls == ["update widget/user", "delete widget_old"]


def test_a_replacement_is_made_then_published_and_only_then_the_old_one_goes():
    worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
    worlds.synced("page/home", uses=ref("widget/lamp"))
    worlds.bundle("page/home", "v1", "widget/lamp").pointer("page/home", "v1", {"widget/lamp": "widget_lamp"})
    result = applied(worlds)
    assert result.cloud.calls == ["create widget/lamp", "publish page/home", "delete widget_lamp"]
    assert result.cloud.published == {"page/home": {"widget/lamp": "new_1"}}
    assert result.statuses == {"replace widget/lamp": "done", "publish page/home": "done"}
    assert result.of("widget/lamp").id == "new_1"


def test_what_is_edited_and_lacks_its_pointer_is_written_and_then_published():
    worlds = Worlds().synced("widget/lamp", note="old").want("widget/lamp", note="new")
    result = applied(worlds.bundle("widget/lamp", "v1", "widget/lamp"))
    assert result.cloud.calls == ["update widget/lamp", "publish widget/lamp"]


def test_new_bytes_are_uploaded_attached_and_only_then_the_old_upload_goes():
    worlds = Worlds().stays_file("a.md", "old").want_file("a.md", "new")
    worlds.stays("vectorstore/kb", files={"a.md": entry("a.md", "old")}).want(
        "vectorstore/kb", files={"a.md": entry("a.md", "new")}
    )
    assert applied(worlds).cloud.calls == ["create file/a.md", "update vectorstore/kb", "delete file_a-md"]


def test_nothing_waits_for_a_slow_branch_that_it_does_not_need():
    async def scenario() -> None:
        gate, cloud = asyncio.Event(), Cloud()
        cloud.trouble["create widget/slow"] = [gate]
        applying = asyncio.create_task(carry_out(chain("a", "b", "c").want("widget/slow").planned(), cloud))
        await until(lambda: len(cloud.finished) == 3)
        assert [outcome.address for outcome in cloud.finished] == ["widget/c", "widget/b", "widget/a"]
        assert not applying.done()
        gate.set()
        assert (await applying).statuses["create widget/slow"] == "done"

    asyncio.run(scenario())


def test_removals_start_when_nothing_else_is_under_way():
    async def scenario() -> None:
        gate, cloud = asyncio.Event(), Cloud()
        cloud.trouble["create widget/slow"] = [gate]
        worlds = Worlds().stays("widget/old").want("widget/quick").want("widget/slow")
        applying = asyncio.create_task(carry_out(worlds.planned(), cloud))
        await until(lambda: len(cloud.finished) == 1)
        assert cloud.calls == ["create widget/quick", "create widget/slow"]
        gate.set()
        assert set((await applying).statuses.values()) == {"done"}
        assert cloud.calls[-1] == "delete widget_old"

    asyncio.run(scenario())


def test_a_failure_does_not_skip_a_removal_that_does_not_need_it():
    worlds = Worlds().stays("widget/old").want("widget/new")
    result = applied(worlds, Cloud(trouble={"create widget/new": [refused()]}))
    assert result.statuses == {"create widget/new": "failed", "delete widget/old": "done"}


def test_a_failure_skips_what_waits_for_it_and_names_the_cause():
    cloud = Cloud(trouble={"create widget/c": [refused()]})
    result = applied(chain("a", "b", "c").want("widget/other"), cloud)
    assert result.statuses == {
        "create widget/a": "skipped",
        "create widget/b": "skipped",
        "create widget/c": "failed",
        "create widget/other": "done",
    }
    assert result.of("widget/a").because_of == "widget/c"
    problem = result.of("widget/c").problem
    assert problem is not None
    assert problem.code == "bad-request"
    assert [address for address, _ in cloud.journal] == ["widget/other"]


def test_the_old_object_stays_where_its_successor_fails():
    worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
    result = applied(worlds, Cloud(trouble={"create widget/lamp": [refused()]}))
    assert result.statuses == {"replace widget/lamp": "failed"}
    assert result.of("widget/lamp").id == "widget_lamp"
    assert "delete widget_lamp" not in result.cloud.calls


def test_a_pointer_does_not_move_before_everything_of_it_is_ready():
    worlds = (
        Worlds().want("widget/lamp").want("page/home", uses=ref("widget/lamp")).bundle("page/home", 1, "widget/lamp")
    )
    result = applied(worlds, Cloud(trouble={"create widget/lamp": [refused()]}))
    assert result.statuses["create page/home"] == "skipped"
    assert not result.cloud.published


def test_a_stop_finishes_what_is_in_flight_and_starts_nothing_more():
    async def scenario() -> None:
        gate, stop, cloud = asyncio.Event(), asyncio.Event(), Cloud()
        cloud.trouble["create widget/c"] = [gate]
        applying = asyncio.create_task(carry_out(chain("a", "b", "c").planned(), cloud, stop))
        await until(lambda: bool(cloud.calls))
        stop.set()
        gate.set()
        result = await applying
        assert result.statuses == {
            "create widget/a": "not-started",
            "create widget/b": "not-started",
            "create widget/c": "done",
        }

    asyncio.run(scenario())


def test_used_up_quota_stops_everything():
    worlds = chain("a", "b")
    for number in range(40):
        worlds.want(f"widget/z{number}")
    cloud = Cloud(trouble={"create widget/b": [QuotaError(Problem("quota", "no credit left"))]})
    result = applied(worlds, cloud)
    assert result.of("widget/b").status == "failed"
    assert result.of("widget/a").status == "skipped"
    assert list(result.statuses.values()).count("not-started") >= 20


def test_at_most_sixteen_steps_are_under_way():
    worlds = Worlds()
    for number in range(50):
        worlds.want(f"widget/w{number}")
    assert applied(worlds).cloud.most_running == 16


def test_the_listener_hears_of_every_step_as_it_is_reported():
    worlds = Worlds().stays("widget/lamp", size=1).want("widget/lamp", size=2)
    heard = [(outcome.action, outcome.status) for outcome in applied(worlds).cloud.finished]
    assert heard == [("replace", "done"), ("delete", "done")]


def test_hand_changes_and_edits_of_one_object_are_one_request():
    worlds = Worlds().want("widget/a", note="new", colour="red").applied("widget/a", note="old", colour="red")
    result = applied(worlds.live("widget/a", note="old", colour="blue"))
    assert result.cloud.calls == ["update widget/a"]
    assert [outcome.status for outcome in result.outcomes] == ["done", "done"]


def test_a_plan_applied_to_what_it_was_made_for_leaves_state_that_needs_no_plan():
    cloud = applied(chain("a", "b")).cloud
    assert {address: entry.id for address, entry in cloud.journal if entry} == {
        "widget/b": "new_1",
        "widget/a": "new_2",
    }
    labels = [live.labels for live in cloud.objects.values()]
    assert [label.address for label in labels if label] == ["widget/b", "widget/a"]


def test_an_error_that_nobody_foresaw_ends_the_apply_and_leaves_no_task_behind():
    async def scenario() -> None:
        cloud = Cloud()
        cloud.trouble = {"create widget/a": [ZeroDivisionError()], "create widget/b": [asyncio.Event()]}
        try:
            await carry_out(Worlds().want("widget/a").want("widget/b").planned(), cloud)
        except ZeroDivisionError:
            assert asyncio.all_tasks() == {asyncio.current_task()}
        else:
            raise AssertionError("it is not swallowed")

    asyncio.run(scenario())
