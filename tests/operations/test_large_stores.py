"""The list of the files of a large store is read once in a plan and its apply, which still see what others change."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator.fault_spec import parse
from reconciler.live import pages
from reconciler.resources.address import Address
from tests.support.world import PROJECT, World, manifest, problem_of, told, world

PAGES = 4
LIST = "GET /v1/vector_stores/{id}/files"
ENTRY = "GET /v1/vector_stores/{id}/files/{file_id}"


def with_files(made: World, files: int) -> World:
    """Apply a store with so many files."""
    for number in range(files):
        made.file(f"kb/{number:03}.md", f"Text {number}.")
    project = {**PROJECT, "spec": {"safety": {"max_deletes": 1000}}}
    made.wants(project, manifest("VectorStore", "handbook", {"files": ["kb/*.md"]}))
    made.apply()
    made.requests()
    return made


def test_many_stores_are_listed_once_before_the_deletes_of_their_files(tmp_path):
    stores = 40
    with world(tmp_path) as made:
        made.wants({**PROJECT, "spec": {"safety": {"max_deletes": 1000}}})
        for number in range(stores):
            made.file(f"kb/{number}.md", f"Text {number}.")
            made.wants(manifest("VectorStore", f"s{number}", {"files": [f"kb/{number}.md"]}))
        made.apply()
        for number in range(stores):
            made.file(f"kb/{number}.md", f"Another text {number}.")
        observed = made.observed()
        made.requests()
        assert made.carry_out(observed).complete
        assert made.requests()[LIST] == 2 * stores  # before the update of each store, and before the deletes


@pytest.fixture
def made(tmp_path, monkeypatch) -> Iterator[World]:
    """A store whose list of files has several pages, which are small."""
    monkeypatch.setattr(pages, "PAGE", 10)
    monkeypatch.setattr(pages.walk, "__kwdefaults__", {**(pages.walk.__kwdefaults__ or {}), "limit": 10})
    with world(tmp_path) as made:
        yield with_files(made, 10 * PAGES - 5)


async def uploads(made: World, name: str = "") -> list[str]:
    return [one.id async for one in made.sdk.files.list() if name in one.filename]


async def attached_by_others(made: World, files: list[str]) -> Any:
    store = await made.sdk.vector_stores.create(name="theirs")
    return await made.sdk.vector_stores.file_batches.create(store.id, file_ids=files)


def test_one_changed_file_walks_the_list_once(tmp_path):
    with world(tmp_path) as made:
        with_files(made, 350)
        made.file("kb/007.md", "Another text.")
        made.apply()
        asked = made.requests()
        assert (asked[LIST], asked[ENTRY]) == (4, 2)
        assert Address.parse("vectorstore/handbook") in made.observed().planned.inputs.unchanged


def test_a_change_without_files_reads_no_list_again(made):
    made.wants(manifest("VectorStore", "handbook", {"files": ["kb/*.md"], "metadata": {"team": "day"}}))
    made.apply()
    asked = made.requests()
    assert (asked[LIST], asked[ENTRY]) == (PAGES, 0)


def test_more_changed_files_than_pages_read_the_list(made):
    for number in range(2 * PAGES):
        made.file(f"kb/{number:03}.md", f"Another text {number}.")
    made.apply()
    asked = made.requests()
    assert (asked[LIST], asked[ENTRY]) == (3 * PAGES, 0)


def test_a_removed_store_is_not_walked_again(made):
    made.drops("VectorStore/handbook")
    made.apply()
    assert made.requests()[LIST] == PAGES


@pytest.mark.parametrize("of_large", [True, False])
def test_an_upload_that_another_store_holds_meanwhile_stays(made, of_large):
    made.file("kb/007.md", "Another text.")
    (old,) = made.by_hand(uploads(made, "007"))
    observed = made.observed()
    theirs = made.by_hand(uploads(made)) if of_large else [old]
    made.by_hand(attached_by_others(made, theirs))
    made.requests()
    result = made.carry_out(observed)
    assert [note.code for outcome in result.outcomes for note in outcome.notes] == ["upload-held"]
    assert old in made.by_hand(uploads(made))
    asked = made.requests()
    assert asked[LIST] == (0 if of_large else 1)


def test_a_file_that_others_change_meanwhile_is_stale(made):
    made.file("kb/007.md", "Another text.")
    (old,) = made.by_hand(uploads(made, "007"))
    observed = made.observed()
    (store,) = made.ids(made.sdk.vector_stores.list())
    made.by_hand(made.sdk.vector_stores.files.delete(old, vector_store_id=store))
    outcomes = made.carry_out(observed).outcomes
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert [problem_of(outcome).code for outcome in failed] == ["stale"]


def test_another_file_that_others_detach_meanwhile_is_in_the_next_plan(made):
    made.file("kb/007.md", "Another text.")
    (other,) = made.by_hand(uploads(made, "003"))
    observed = made.observed()
    (store,) = made.ids(made.sdk.vector_stores.list())
    made.by_hand(made.sdk.vector_stores.files.delete(other, vector_store_id=store))
    assert made.carry_out(observed).complete
    assert told(made.plan().drift) == ['update vectorstore/handbook: files["kb/003.md"]']


def test_a_server_without_single_files_is_asked_for_the_list(made):
    """Its 404 does not prove that a store does not have the file."""
    made.app.state.faults.set(*parse("404:GET:/v1/vector_stores/*/files/*"))
    made.file("kb/007.md", "Another text.")
    made.apply()
    assert made.requests()[LIST] == 3 * PAGES
