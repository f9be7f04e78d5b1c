from dataclasses import replace
from textwrap import dedent

from reconciler.applying.model import ApplyResult, Note, Outcome
from reconciler.planning.model import Change
from reconciler.reports.style import Style
from reconciler.reports.text.apply import apply_text
from reconciler.resources.problems import Problem
from tests.support.plans import BEFORE, PLAIN


def shown(*outcomes, style=PLAIN, **more):
    return apply_text(ApplyResult("acme", "sha256:0", outcomes, **more), style=style)


DONE = Outcome("assistant/billing", "create", "done", id="agent_1", notes=(Note("upload-kept"),))
FAILED = Outcome(
    "assistant/triage", "update", "failed", problem=Problem("rate-limit", "OpenAI said no", hint="Wait a minute.")
)
SKIPPED = Outcome("chatbot/support", "publish", "skipped", because_of="assistant/triage")


def test_what_failed_comes_first_and_the_command_to_go_on_last():
    text = shown(DONE, FAILED, SKIPPED, resume="reconciler apply plan.json", requests={"POST": 3, "GET": 2})
    assert text == dedent("""\
        Partly applied: acme, 1 done, 1 failed, 1 skipped.

        Failed
          ~ update  assistant/triage
              error[rate-limit]: OpenAI said no
                  hint: Wait a minute.

        Skipped: a dependency failed
          ^ publish  chatbot/support  waited for assistant/triage

        Done
          + create  assistant/billing  agent_1  the upload stays: another path shares it

        5 requests sent: 2 GET, 3 POST.
        Finish with: reconciler apply plan.json
        """)


def test_what_was_done_is_aligned_and_an_id_that_is_the_address_is_not_said_twice():
    document = Outcome(
        "chatbot/support",
        "publish",
        "done",
        id="chatbot/support",
        notes=(Note("upload-held", {"type": "store", "id": "vs_1"}), Note("already-deleted")),
    )
    text = shown(DONE, document, style=Style(width=120))
    assert "  + create   assistant/billing  agent_1  the upload stays: another path shares it\n" in text
    held = "the upload stays: store vs_1 refers to it now; it was deleted already"
    assert f"  ^ publish  chatbot/support    {held}\n" in text


def test_an_object_that_is_managed_already_is_recorded_and_not_adopted():
    known = Outcome("assistant/desk", "adopt", "done", id="agent_2", only_records=True)
    assert "  > record  assistant/desk  agent_2\n" in shown(known)
    assert "\n  30 record\n" in shown(*[known] * 30)
    assert "  > adopt  assistant/desk  agent_2\n" in shown(replace(known, only_records=False))


def test_what_is_kept_as_somebody_made_it_is_said():
    kept = (Change("assistant/clerk", "create", decision="keep"),)
    assert "\n1 drift kept: assistant/clerk (missing)\n" in shown(DONE, kept=kept)


def test_the_verdict_tells_done_partly_failed_and_interrupted_apart():
    waiting = Outcome("assistant/triage", "update", "not-started")
    assert shown(DONE).startswith("Applied: acme, 1 done.")
    assert shown(FAILED).startswith("Failed: acme, 1 failed.")
    assert shown(DONE, waiting, interrupted=True).startswith("Interrupted: acme, 1 done, 1 not started.")
    assert shown().startswith("Applied: acme, no changes were necessary.")
    assert shown(already_applied=BEFORE) == (
        "No changes: acme, this plan was applied before: 2026-11-20T09:30:00+00:00 by ci,\n  https://ci.test/17.\n"
    )


def test_long_lists_are_counted_and_of_failures_the_first_are_shown():
    done = [Outcome(f"file/kb/{number}.md", "create", "done") for number in range(30)]
    assert "Done\n  30 create\n" in shown(*done)
    failed = [Outcome(f"file/kb/{number}.md", "create", "failed", problem=FAILED.problem) for number in range(30)]
    assert shown(*failed).count("error[rate-limit]") == 20
    assert "  … 10 more failed\n" in shown(*failed)
