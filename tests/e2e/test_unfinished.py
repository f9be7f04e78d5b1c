"""What a run did not finish is pending work under every `--on-drift`, and is completed before anything needs it."""

import time
from collections.abc import Iterator
from typing import Any, Final, get_args

import pytest

from reconciler.applying.model import ApplyResult
from reconciler.applying.steps import lower
from reconciler.emulator.fault_spec import parse
from reconciler.emulator.faults import FOR_EVER
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.planning.model import OnDrift, Plan
from reconciler.project.workspace import open_workspace
from reconciler.releases.release import release
from tests.support.asking import rules_of, why
from tests.support.world import PROJECT, Document, Quiet, World, is_silent, manifest, told, world

BATCHES: Final = "POST:/v1/vector_stores/*/file_batches"
DETACHES: Final = "DELETE:/v1/vector_stores/*/files/*"
SEARCH: Document = {"type": "file_search", "vector_store_ids": ["kb"]}
MODES: Final[tuple[OnDrift, ...]] = get_args(OnDrift)


def assistant(instructions: str = "Answer.") -> Document:
    spec = {"target": "responses", "model": "gpt-6-luna", "instructions": instructions, "tools": [SEARCH]}
    return manifest("Assistant", "helper", spec)


@pytest.fixture
def acme(tmp_path) -> Iterator[World]:
    """A chatbot whose assistant searches two files."""
    with world(tmp_path) as made:
        made.file("kb/one.md", "one")
        made.file("kb/two.md", "two")
        made.wants(
            {**PROJECT, "spec": {"outlets": [{"directory": "published"}]}},
            manifest("VectorStore", "kb", {"files": ["kb/*.md"]}),
            assistant(),
            manifest("Chatbot", "bot", {"assistant": "helper"}),
        )
        yield made


def attempt(acme: World, faults: str = "", on_drift: OnDrift = "keep") -> ApplyResult:
    """Plan and apply with injected faults."""
    workspace = open_workspace(acme.root, acme.environ)

    async def run() -> ApplyResult:
        observed = await make_plan(workspace, acme.connection, on_drift=on_drift)
        assert observed.planned.plan.refusals == ()
        return await apply_plan(workspace, acme.connection, observed, Quiet(), resume="reconciler apply")

    acme.app.state.faults.set(*parse(faults))
    try:
        return acme.run(run())
    finally:
        acme.app.state.faults.set(*parse(""))


def publish(acme: World, number: int) -> None:
    """Release the chatbot and publish the release in the manifest."""
    release(acme.root, acme.environ, "bot", vendor=True)
    acme.wants(manifest("Chatbot", "bot", {"assistant": "helper", "published": number}))


def pending(acme: World) -> Plan:
    """Return the plan, which must have no drift and no refusal under any `--on-drift`."""
    plans = [acme.plan(on_drift) for on_drift in MODES]
    assert [(plan.drift, plan.refusals) for plan in plans] == [((), ())] * len(MODES)
    assert all(plan.changes == plans[0].changes for plan in plans)
    return plans[0]


def contents(acme: World) -> dict[str, list[str]]:
    """Return the names of the indexed files of each store."""

    async def look() -> dict[str, list[str]]:
        names = {file.id: file.filename async for file in acme.sdk.files.list()}
        return {
            (store.metadata or {})["reconciler-address"].partition("@")[0]: sorted(
                [
                    names[one.id]
                    async for one in acme.sdk.vector_stores.files.list(store.id)
                    if one.status == "completed"
                ]
            )
            async for store in acme.sdk.vector_stores.list()
        }

    return acme.by_hand(look())


def assert_complete(acme: World) -> None:
    """Complete what is pending, with `--on-drift keep`."""
    result = attempt(acme)
    assert result.complete, result.outcomes
    assert (result.kept, result.found) == ((), ())
    assert is_silent(acme.plan())


@pytest.mark.parametrize("fault", ["ingest-fail", "error-before=400"])
class TestFilesNotIndexed:
    def test_first_apply_is_completed_before_the_release_is_published(self, acme, fault):
        publish(acme, 1)
        result = attempt(acme, f"{fault}:{BATCHES}:*")
        assert {outcome.status for outcome in result.outcomes if outcome.address == "chatbot/bot"} == {"skipped"}
        assert not (acme.root / "published/acme/chatbot/bot.json").exists()
        assert [one for one in told(pending(acme).changes) if "vectorstore" in one][:1] == [
            'update vectorstore/kb: files["kb/one.md"], files["kb/two.md"]'
        ]
        assert_complete(acme)
        assert contents(acme) == {"vectorstore/kb": ["one.md", "two.md"]}

    def test_changed_file_is_completed(self, acme, fault):
        attempt(acme)
        acme.file("kb/one.md", "uno")
        attempt(acme, f"{fault}:{BATCHES}:*")
        pending(acme)
        assert_complete(acme)
        assert contents(acme) == {"vectorstore/kb": ["one.md", "two.md"]}

    @pytest.mark.parametrize("content", ["one", "eins"], ids=["reverted", "edited again"])
    def test_edit_after_the_failure_is_completed(self, acme, fault, content):
        attempt(acme)
        acme.file("kb/one.md", "uno")
        attempt(acme, f"{fault}:{BATCHES}:*")
        acme.file("kb/one.md", content)
        pending(acme)
        assert_complete(acme)
        assert contents(acme) == {"vectorstore/kb": ["one.md", "two.md"]}

    def test_removed_file_is_detached(self, acme, fault):
        attempt(acme, f"{fault}:{BATCHES}:*")
        (acme.root / "kb/two.md").unlink()
        pending(acme)
        assert_complete(acme)
        assert contents(acme) == {"vectorstore/kb": ["one.md"]}

    def test_ignored_files_of_a_new_store_are_completed(self, acme, fault):
        acme.wants(manifest("VectorStore", "kb", {"files": ["kb/*.md"]}, lifecycle={"ignore": ["files"]}))
        attempt(acme, f"{fault}:{BATCHES}:*")
        pending(acme)
        assert_complete(acme)
        assert contents(acme) == {"vectorstore/kb": ["one.md", "two.md"]}


def test_detach_that_failed_is_completed_after_the_edit_is_reverted(acme):
    attempt(acme)
    for name in ("one", "two"):
        acme.file(f"kb/{name}.md", "new")
    attempt(acme, f"error-before=400:{DETACHES}:2")
    for name in ("one", "two"):
        acme.file(f"kb/{name}.md", name)
    pending(acme)
    assert_complete(acme)


def attached_again(acme: World, fault: str, *, cancelled: bool) -> None:
    """Attach the files of every store again, so that OpenAI indexes them again."""

    async def attach() -> None:
        for store in [store async for store in acme.sdk.vector_stores.list()]:
            held = [file async for file in acme.sdk.vector_stores.files.list(store.id)]
            files: Any = [{"file_id": file.id, "attributes": file.attributes} for file in held]
            batch = await acme.sdk.vector_stores.file_batches.create(store.id, files=files)
            if cancelled:
                await acme.sdk.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)

    acme.app.state.faults.set(*parse(f"{fault}:{BATCHES}:*"))
    acme.by_hand(attach())
    acme.app.state.faults.set(*parse(""))


def test_cancelled_files_are_attached_again(acme):
    attempt(acme)
    attached_again(acme, "ingest-hang", cancelled=True)
    assert told(pending(acme).changes) == ['update vectorstore/kb: files["kb/one.md"], files["kb/two.md"]']
    assert_complete(acme)


def test_files_that_are_still_being_indexed_are_waited_for(acme):
    acme.clock.seconds = time.time()
    release(acme.root, acme.environ, "bot", vendor=True)
    attempt(acme)
    attached_again(acme, "ingest-hang", cancelled=False)
    acme.wants(manifest("Chatbot", "bot", {"assistant": "helper", "published": 1}))
    working, frozen, publication = pending(acme).changes
    assert why(working) == [("still-indexing", {"files": ["kb/one.md", "kb/two.md"]})]
    steps = lower(acme.observed().planned)
    (publishing,) = (step for step in steps if step.verb == "publish")
    assert {str(step.address) for step in steps[publishing]} == {frozen.address}
    assert (publication.address, acme.plan().requests) == ("chatbot/bot", {})
    acme.clock.seconds += 2 * FOR_EVER
    assert_complete(acme)


def test_release_is_not_published_while_kept_drift_leaves_files_out(acme):
    release(acme.root, acme.environ, "bot", vendor=True)
    attempt(acme)

    async def detach() -> None:
        async for store in acme.sdk.vector_stores.list():
            if "@" in (store.metadata or {})["reconciler-address"]:
                held = [file.id async for file in acme.sdk.vector_stores.files.list(store.id)]
                await acme.sdk.vector_stores.files.delete(held[0], vector_store_id=store.id)

    acme.by_hand(detach())
    acme.wants(manifest("Chatbot", "bot", {"assistant": "helper", "published": 1}))
    assert rules_of(acme.plan("keep")) == [("conflict", "chatbot/bot", "needs-files")]
    attempt(acme, on_drift="revert")
    assert is_silent(acme.plan())


class TestOutlets:
    def test_bundle_in_the_first_of_two_outlets_is_completed(self, acme):
        attempt(acme)
        self.block(acme)
        acme.wants(assistant("Answer briefly."))
        attempt(acme)
        self.unblock(acme)
        pending(acme)
        acme.wants(assistant("Answer at length."))
        pending(acme)
        assert_complete(acme)

    def test_agent_whose_bundle_could_not_be_published_is_completed(self, acme):
        attempt(acme)
        self.block(acme)
        acme.wants(manifest("Assistant", "clerk", {"target": "agents", "model": "gpt-6-luna"}))
        for _ in range(3):
            attempt(acme)
        self.unblock(acme)
        assert [change.action for change in pending(acme).changes] == ["publish"]
        assert_complete(acme)

    @staticmethod
    def block(acme: World) -> None:
        (acme.root / "published").rename(acme.root / "moved")
        acme.file("published", "not a folder")

    @staticmethod
    def unblock(acme: World) -> None:
        (acme.root / "published").unlink()
        (acme.root / "moved").rename(acme.root / "published")


def test_what_a_run_reported_is_not_found_by_the_next_one(acme):
    """A run that ends with an error is not an interrupted one, and what is updated now was not done before."""
    attempt(acme, f"ingest-fail:{BATCHES}:*")
    assert attempt(acme, f"ingest-fail:{BATCHES}:*").found == ()
    assert attempt(acme).found == ()
