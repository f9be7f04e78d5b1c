"""Lists that a plan of single targets sends: the files of stores only if it may depend on them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.support.world import PROJECT, World, manifest, world

STORES: Final = 4
FILES: Final = "GET /v1/vector_stores/{id}/files"
RESPONSES: Final = {"target": "responses", "model": "gpt-6-luna"}


@pytest.fixture
def applied(tmp_path: Path) -> Iterator[World]:
    """Return a project with assistants with and without stores, after an apply."""
    with world(tmp_path / "acme") as made:
        made.file("data/c.csv", "a,b\n")
        for number in range(STORES):
            made.file(f"kb/{number}.md", f"# {number}\n")
        made.wants(
            PROJECT,
            *(manifest("VectorStore", f"kb{number}", {"files": [f"kb/{number}.md"]}) for number in range(STORES)),
            manifest("Assistant", "agent", {"target": "agents", "model": "gpt-6-luna"}),
            manifest("Assistant", "plain", RESPONSES),
            manifest("Assistant", "coding", {**RESPONSES, "tools": [code()]}),
            manifest("Assistant", "searching", {**RESPONSES, "tools": [search("kb1")]}),
            manifest("Chatbot", "plain", {"assistant": "plain"}),
            manifest("Chatbot", "searching", {"assistant": "searching"}),
        )
        made.apply()
        yield made


def search(*stores: str) -> dict[str, object]:
    return {"type": "file_search", "vector_store_ids": list(stores)}


def code() -> dict[str, object]:
    return {"type": "code_interpreter", "container": {"type": "auto", "file_ids": ["data/c.csv"]}}


def asked(applied: World, *targets: str) -> Counter[str]:
    """Return the requests of a plan of these targets."""
    applied.requests()
    applied.plan(targets=targets)
    return applied.requests()


@pytest.mark.parametrize("target", ["assistant/agent", "assistant/plain", "chatbot/plain"])
def test_target_without_stores_reads_no_files_of_stores_and_all_other_lists(applied: World, target: str):
    everything = asked(applied)
    assert everything[FILES] == STORES
    assert asked(applied, target) == everything - Counter({FILES: STORES})


@pytest.mark.parametrize(
    "target",
    [
        *("assistant/searching", "chatbot/searching", "vectorstore/kb2", "file/kb/3.md", "assistant/coding"),
        "project/acme",
    ],
)
def test_target_that_is_or_needs_a_store_or_an_upload_reads_all(applied: World, target: str):
    assert asked(applied, target) == asked(applied)


def test_one_target_with_a_store_is_enough(applied: World):
    assert asked(applied, "assistant/plain", "assistant/searching")[FILES] == STORES


def test_store_that_the_manifest_no_longer_names_is_read(applied: World):
    applied.wants(manifest("Assistant", "searching", RESPONSES))
    assert asked(applied, "assistant/searching")[FILES] == STORES


def test_removed_target_reads_all_because_the_guard_needs_it(applied: World):
    applied.drops("Chatbot/plain")
    assert asked(applied, "chatbot/plain")[FILES] == STORES


def test_renamed_target_reads_all(applied: World):
    applied.drops("Assistant/agent")
    spec = {"target": "agents", "model": "gpt-6-luna"}
    applied.wants(manifest("Assistant", "renamed", spec, lifecycle={"moved_from": ["agent"]}))
    assert asked(applied, "assistant/renamed")[FILES] == STORES


def test_upload_that_the_state_does_not_have_reads_all(applied: World):
    async def upload() -> None:
        await applied.sdk.files.create(file=("0.md", b"# 0\n"), purpose="assistants")

    applied.by_hand(upload())
    assert asked(applied, "assistant/agent")[FILES] == STORES


@pytest.mark.parametrize("lose", [World.lose_state, World.lose_entries])
def test_lost_state_reads_all(applied: World, lose):
    lose(applied)
    assert asked(applied, "assistant/agent")[FILES] == STORES


def test_apply_of_the_target_changes_it_alone(applied: World):
    applied.wants(manifest("Assistant", "agent", {"target": "agents", "model": "gpt-6-luna", "instructions": "Help."}))
    applied.requests()
    assert [str(one.address) for one in applied.apply(targets=("assistant/agent",)).outcomes] == ["assistant/agent"]
    assert applied.requests()[FILES] == 0
    assert applied.plan().changes == ()
