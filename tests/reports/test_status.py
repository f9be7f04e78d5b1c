"""Tests of the status of assistants that were asked for, as text and as a page."""

from dataclasses import replace
from textwrap import dedent

from reconciler.planning.model import Change
from reconciler.planning.sync_status import SyncStatus
from reconciler.planning.tool_files import ToolFile
from reconciler.reports.html.status import status_html
from reconciler.reports.text.status import status_text
from reconciler.reports.views.assistants import AssistantView
from reconciler.reports.views.status import status_view
from reconciler.state.lock import Holder, Lock
from reconciler.state.model import AppliedPlan
from tests.support.drifts import IN_SYNC, LOST, TRIAGE, status_of
from tests.support.plans import PLAIN


def text(*assistants: SyncStatus) -> str:
    return status_text(status_view(status_of(*assistants)), style=PLAIN, pull="pull it", revert="revert it")


def body(*lines: str) -> str:
    return dedent("".join(lines)).removeprefix("\n")


def test_in_sync_is_said_under_the_live_id():
    assert text(IN_SYNC) == body("""
        acme/production at embedded; never applied

        assistant/billing  agent_2
          in sync
        """)


def test_a_run_that_was_killed_is_resumed_by_the_next_apply_and_one_that_runs_is_not():
    lock = Lock("20260101T000000Z-1", Holder("ada", "laptop", "m", 1), 0.0, 0.0, 120.0)
    killed = replace(status_of(IN_SYNC), last_apply=AppliedPlan("sha256:1", "run", 0.0, "ada"))
    resumed = "(unfinished; `reconciler apply --env production` resumes it)"
    for is_expired, held, ends in ((False, None, True), (True, lock, True), (False, lock, False)):
        view = status_view(replace(killed, lock=held, is_expired=is_expired))
        assert (resumed in view.last_apply) == ends
        assert ("the next run takes it over" in view.locked_by) == is_expired


def test_every_sort_of_difference_is_listed_by_tool():
    assert text(TRIAGE) == body("""
        acme/production at embedded; never applied

        assistant/triage  agent_1
          differs
          Fields (manifest -> live)
            model: "gpt-6" -> "gpt-5"
          Not indexed: searches do not find these files
            vectorstore/handbook kb/a.md: unsupported_file: The file type is not
              supported.
          code_interpreter: in the manifests, not at OpenAI
            data/rates.csv
          file_search: at OpenAI, not in the manifests
            vs_9 'Second': 0 files
            vectorstore/handbook theirs.md (file-9)
          file_search: in the manifests, not applied yet
            vectorstore/handbook kb/new.md
          Content that OpenAI does not return: save a copy in the project, and name its
            path in the manifest
            theirs.md (file-9)
          Edits that are not applied
            update assistant/triage: name

        Keep it with: pull it
        Revert it with: revert it
        """)


def test_an_assistant_that_does_not_exist_yet_is_not_in_sync():
    new = replace(IN_SYNC, id=None, edits=(Change("assistant/billing", "create"),))
    assert text(new).endswith("  not applied\n  Edits that are not applied\n    create assistant/billing\n")


def test_an_edit_that_is_not_applied_is_no_difference():
    edited = replace(IN_SYNC, added=(LOST,), edits=(Change("file/data/rates.csv", "create"),))
    assert text(edited).splitlines()[2:] == [
        "assistant/billing  agent_2",
        "  in sync, with edits that are not applied",
        "  code_interpreter: in the manifests, not applied yet",
        "    data/rates.csv",
    ]


def test_the_page_has_the_same_lines_as_the_text():
    page = status_html(status_view(status_of(TRIAGE, IN_SYNC)), pull="pull it", revert="revert it")
    lines = [line for group in AssistantView(TRIAGE).groups for line in (group.title, *group.lines)]
    shown = page.replace("&quot;", '"').replace("&#x27;", "'").replace("&gt;", ">")
    assert [line for line in (*lines, "agent_1", "agent_2", "pull it", "revert it") if line not in shown] == []


def test_a_long_list_is_cut_in_text_and_on_the_page():
    files = tuple(ToolFile("file_search", "vectorstore/kb", f"kb/{number}.md") for number in range(600))
    one = replace(IN_SYNC, missing=files)
    assert "    … 560 more\n" in text(one)
    assert "… 100 more" in status_html(status_view(status_of(one)))


def test_without_addresses_every_object_is_a_row():
    listed = status_text(status_view(status_of(TRIAGE, IN_SYNC, chosen=False)), style=replace(PLAIN, width=200))
    assert [line.split()[0] for line in listed.splitlines()[3:]] == ["assistant/triage", "assistant/billing"]
