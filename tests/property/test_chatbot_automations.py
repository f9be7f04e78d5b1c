"""Histories of a chatbot and its automation: after each apply the automation runs the published release."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.support.chatbot_automations import Desk, bot, desk, nightly
from tests.support.world import Document, is_silent

FEW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=120)
RELEASES = {1: "First.", 2: "Second.", 3: "Third."}

EDITS = st.fixed_dictionaries(
    {"published": st.sampled_from([None, *RELEASES])},
    optional={
        "paused": st.booleans(),
        "input": st.sampled_from(["Write the digest.", "Write less."]),
        "agent": st.sampled_from(["chatbot/support", "triage@support.1"]),
    },
)
HISTORIES = st.lists(EDITS, min_size=2, max_size=6)


@pytest.fixture(scope="module")
def released() -> Iterator[dict[str, bytes]]:
    """Return the files of three releases."""
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder) / "acme") as made:
        for text in RELEASES.values():
            made.release(text)
        yield {str(path.relative_to(made.root)): path.read_bytes() for path in made.root.glob("releases/*/*.yaml")}


def edited(made: Desk, published: int | None, agent: str = "chatbot/support", **more: Any) -> None:
    given = {"input": more.pop("input")} if "input" in more else {}
    made.wants(
        bot(**({"published": published} if published else {})), nightly(target={"agent": agent, **given}, **more)
    )


def check(files: dict[str, bytes], history: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder) / "acme") as made:
        for path, content in files.items():
            made.file(path, content)
        exists = False
        for edit in history:
            edited(made, **edit)
            made.apply()
            again = made.plan()
            of_chatbot = edit.get("agent", "chatbot/support") == "chatbot/support"
            exists = exists or bool(edit["published"]) or not of_chatbot
            if not exists:
                assert [one.code for one in again.warnings] == ["waits-for-release"]
                continue
            assert is_silent(again)
            if of_chatbot and edit["published"]:
                assert made.runs() == RELEASES[edit["published"]]
            if of_chatbot and not edit["published"]:
                assert (made.live()["status"], made.runs() in RELEASES.values()) == ("paused", True)
            elif "paused" in edit:
                assert made.live()["status"] == ("paused" if edit["paused"] else "active")


@FEW
@given(history=HISTORIES)
def test_an_automation_runs_what_its_chatbot_publishes(released, history):
    check(released, history)


@pytest.mark.long
@MANY
@given(history=HISTORIES)
def test_an_automation_runs_what_its_chatbot_publishes_in_every_history(released, history):
    check(released, history)
