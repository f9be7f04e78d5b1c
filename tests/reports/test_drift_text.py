from dataclasses import replace
from textwrap import dedent

from reconciler.planning.model import Change
from reconciler.planning.reasons import Reason
from reconciler.planning.sync_status import SyncStatus
from reconciler.planning.writers import Seen
from reconciler.reports.text.drift import drift_text
from reconciler.reports.views.assistants import sync_lines
from reconciler.reports.views.drift import seen_reasons
from tests.support.drifts import FAILING, HAND, IN_SYNC, SOON, everything, many, report
from tests.support.plans import PLAIN, field, plan, update


def golden(text):
    return dedent(text).removeprefix("\n")


def test_everything_in_the_order_in_which_it_matters():
    text = drift_text(everything(), style=PLAIN, command="reconciler apply --on-drift revert")
    assert text == golden("""
        Drift: acme/production, 1 modified, 1 failing file, 2 retiring models, 1 foreign
          file, 7 unchanged.

        Changed outside Reconciler
          Differences are shown as manifest -> live.
          ~ modified  assistant/triage
              ~ model: "gpt-6" -> "gpt-5"
              # last changed 2026-11-20 22:34 UTC
              # not written by Reconciler

        Failing files
          ! vectorstore/handbook
              kb/a.md
              # OpenAI: unsupported_file: The file type is not supported.
          Searches do not find these files. Apply attaches them again; or change or
          remove them.

        Foreign files
          ? vectorstore/handbook
              theirs.md (file-9)
          No manifest names these files, and searches find them. `pull` adds their ids
          to the manifest; with `prune: true` in the manifest of the store, `apply`
          detaches them.

        Retiring models
          ! gpt-4  OpenAI has shut it down, on 2026-10-23
              assistant/billing
          ~ gpt-5  OpenAI shuts it down on 2026-12-11
              assistant/triage, assistant/triage@support.3

        Assistants
          ~ assistant/triage
              model: "gpt-6" -> "gpt-5"
              vectorstore/handbook kb/a.md: could not be indexed
              code_interpreter data/rates.csv: not at OpenAI
              file_search vectorstore/handbook theirs.md (file-9): not in the manifests
          1 assistant in sync.

        Revert it with: reconciler apply --on-drift revert
        """)


def test_in_sync_is_a_line_or_two():
    assert drift_text(report(plan()), style=PLAIN) == "In sync: acme/production, no drift.\n"
    pending = replace(IN_SYNC, is_pending=True)
    text = drift_text(report(plan(), assistants=(IN_SYNC, pending)), style=PLAIN)
    assert text.endswith("\n\n2 assistants in sync, 1 of them with pending edits.\n")


def test_a_model_that_retires_is_no_drift():
    text = drift_text(report(plan(), retiring=(SOON,)), style=PLAIN, command="reconciler apply")
    assert text.startswith("In sync: acme/production, no drift, but 1 retiring model.\n")
    assert "Undo" not in text


def test_edits_that_undoing_would_apply_too_are_counted():
    text = drift_text(report(plan(update(field("model", "a", "b")), drift=(HAND,))), style=PLAIN, command="undo")
    assert text.endswith("Revert it with: undo\nIt also applies 1 pending edit of the manifests.\n")


def test_a_bundle_that_somebody_altered_is_drift():
    bundle = field("bundle", "sha256:" + "0" * 64, "sha256:" + "1" * 64, "drift")
    altered = Change("assistant/triage", "publish", (bundle,), reasons=(Reason("outlets-disagree"),))
    text = drift_text(report(plan(drift=(altered,))), style=PLAIN)
    assert "! tampered  assistant/triage\n      # the outlets disagree\n" in text


def test_files_that_were_deleted_by_hand_are_folded():
    gone = tuple(Change(f"file/kb/page-{number}.md", "create") for number in range(9))
    assert "  - missing  9 files under kb/\n      kb/page-0.md, " in drift_text(report(plan(drift=gone)), style=PLAIN)


def test_who_is_said_of_the_fields_that_it_is_known_of():
    two = update(field("model", "a", "b"), field("name", "c", "d"))
    assert list(seen_reasons(Seen(), two)) == []
    assert list(seen_reasons(Seen(None, (("model", "outside"), ("name", "outside"))), two)) == [
        Reason("written-outside", {"fields": []})
    ]
    assert list(seen_reasons(Seen(None, (("model", "outside"), ("name", "unknown-run"))), two)) == [
        Reason("written-outside", {"fields": ["model"]}),
        Reason("written-by-unknown-run", {"fields": ["name"]}),
    ]


def test_an_assistant_says_what_differs_of_what_it_uses():
    text = field("instructions", "one\ntwo\nthree", "one\ntwo", "drift")
    lost = field("files.kb", after={"file": "file/kb", "sha256": "5" * 64}, origin="drift")
    one = SyncStatus(
        "assistant/triage",
        (
            update(text),
            update(field("model", "a", "b"), address="assistant/triage@support.3"),
            update(lost, address="vectorstore/handbook"),
            Change("file/kb/a.md", "create", (field("purpose", after="assistants"),)),
        ),
        (FAILING,),
        False,
    )
    assert sync_lines(one) == [
        "instructions: 2 lines -> 3 lines",
        'assistant/triage@support.3 model: "b" -> "a"',
        "vectorstore/handbook files.kb: 555555555555 -> nothing",
        "file/kb/a.md missing",
        "vectorstore/handbook kb/a.md: could not be indexed",
    ]


def test_a_thousand_assistants_stay_readable():
    lines = drift_text(many(1000), style=PLAIN).splitlines()
    assert "  … 960 more that are not in sync" in lines
    assert "  1000 assistants in sync." in lines
