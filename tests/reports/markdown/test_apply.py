from reconciler.applying.model import ApplyResult, Note, Outcome
from reconciler.planning.model import Change
from reconciler.reports.markdown.apply import apply_markdown
from reconciler.reports.markdown.fitting import LIMIT, size
from reconciler.resources.problems import Problem
from tests.support.plans import BEFORE


def test_what_failed_comes_first_and_how_to_go_on_last():
    failed = Outcome(
        "assistant/triage", "update", "failed", problem=Problem("rate-limit", "OpenAI said no", hint="Wait.")
    )
    waited = Outcome("chatbot/support", "publish", "skipped", because_of="assistant/triage")
    done = Outcome("vectorstore/kb", "create", "done", id="vs_1", notes=(Note("upload-shared"),))
    kept = (Change("assistant/billing", "update", decision="keep"),)
    outcomes = (done, failed, waited)
    result = ApplyResult("acme", "sha256:1", outcomes, resume="reconciler apply", requests={"GET": 2}, kept=kept)
    assert apply_markdown(result) == "\n".join([
        "<!-- reconciler:apply acme -->",
        "",
        "## Partly applied: `acme`",
        "",
        "1 done, 1 failed, 1 skipped.",
        "",
        "### Failed",
        "",
        "- `~` **update** `assistant/triage`",
        "  **error** `rate-limit`: OpenAI said no Wait.",
        "",
        "### Skipped: a dependency failed",
        "",
        "- `^` **publish** `chatbot/support` · waited for `assistant/triage`",
        "",
        "### Done",
        "",
        "- `+` **create** `vectorstore/kb` · `vs_1` · shares an upload",
        "",
        "### Drift kept",
        "",
        "- `assistant/billing` modified",
        "",
        "---",
        "",
        "Finish with `reconciler apply`.",
        "",
        "2 requests sent: 2 GET.",
        "",
        "Plan `sha256:1`",
        "",
    ])  # fmt: skip


def test_what_a_killed_run_had_done_is_told():
    result = ApplyResult("acme", "sha256:1", (), found=("vectorstore/kb", "assistant/triage"))
    assert (
        "### Already completed by an interrupted run\n\n- `vectorstore/kb`\n- `assistant/triage`\n"
        in apply_markdown(result)
    )


def test_a_plan_that_was_applied_before():
    text = apply_markdown(ApplyResult("acme", "sha256:1", (), already_applied=BEFORE))
    said = "This plan was applied before: `2026-11-20T09:30:00+00:00` by ci, `https://ci.test/17`."
    assert f"## No changes: `acme`\n\n{said}" in text


def test_thousands_of_outcomes_fit_and_failures_are_kept_longest():
    done = [Outcome(f"assistant/a{number}", "update", "done", id="agent_1") for number in range(5000)]
    failed = [Outcome(f"assistant/f{number}", "update", "failed", problem=Problem("x", "no")) for number in range(100)]
    text = apply_markdown(ApplyResult("acme", "sha256:1", (*done, *failed)))
    assert size(text) <= LIMIT
    assert all(outcome.address in text for outcome in failed)
