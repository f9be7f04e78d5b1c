from dataclasses import replace
from textwrap import dedent

from reconciler.planning.reasons import Reason
from reconciler.planning.sync_status import FailingFile
from reconciler.reports.markdown.drift import drift_markdown
from reconciler.reports.markdown.fitting import LIMIT, size
from reconciler.reports.views.drift import FOREIGN_NOTE
from tests.support.drifts import FAILING, HAND, SOON, everything, many, report
from tests.support.plans import field, plan, update
from tests.support.reading import markdown


def golden(text):
    return dedent(text).removeprefix("\n")


def test_everything_in_the_order_in_which_it_matters():
    text = drift_markdown(everything(), revert="reconciler apply", pull="reconciler pull")
    assert text == golden(f"""
        <!-- reconciler:drift acme/production -->

        ## Drift: `acme/production`

        1 modified, 1 failing file, 2 retiring models, 1 foreign file, 7 unchanged.

        ### Changed outside Reconciler

        Differences are shown as manifest -> live.

        `!` **modified** `assistant/triage`

        - last changed `2026-11-20` `22:34` UTC
        - not written by Reconciler

        ```diff
        - model: "gpt-6"
        + model: "gpt-5"
        ```

        ### Failing files

        Searches do not find these files. Apply attaches them again; or change or remove them.

        - `vectorstore/handbook` `kb/a.md`: `unsupported_file: The file type is not supported.`

        ### Foreign files

        {FOREIGN_NOTE}

        - `vectorstore/handbook` `theirs.md (file-9)`

        ### Retiring models

        - `gpt-4` OpenAI has shut it down, on 2026-10-23: `assistant/billing`
        - `gpt-5` OpenAI shuts it down on 2026-12-11: `assistant/triage, assistant/triage@support.3`

        ### Assistants

        <details><summary>1 assistant in sync.</summary>

        - `assistant/billing`

        </details>

        - `assistant/triage`
          - `model: "gpt-6" -> "gpt-5"`
          - `vectorstore/handbook kb/a.md: could not be indexed`
          - `code_interpreter data/rates.csv: not at OpenAI`
          - `file_search vectorstore/handbook theirs.md (file-9): not in the manifests`

        ---

        Keep it with: `reconciler pull`

        Revert it with: `reconciler apply`
        """)


def test_it_goes_from_the_manifest_to_what_is_live():
    hand = update(field("temperature", 0.9, 0.3, "drift"), decision="keep")
    assert "- temperature: 0.3\n+ temperature: 0.9\n" in drift_markdown(report(plan(drift=(hand,))))


def test_edits_that_undoing_would_apply_too_are_counted():
    text = drift_markdown(report(plan(update(field("model", "a", "b")), drift=(HAND,))), revert="undo")
    assert text.endswith("\nRevert it with: `undo` It also applies 1 pending edit of the manifests.\n")


def test_in_sync():
    text = drift_markdown(report(plan(unchanged=3)), revert="reconciler apply")
    assert text == golden("""
        <!-- reconciler:drift acme/production -->

        ## In sync: `acme/production`

        no drift.
        """)


def test_the_same_report_of_another_day_is_the_same_text():
    made = replace(everything(), plan=plan(drift=(HAND,), unchanged=7, created_at="2026-11-22T05:17:00Z"))
    assert drift_markdown(made) == drift_markdown(everything())


def test_a_file_that_fails_is_nothing_to_pull_and_a_model_that_retires_nothing_to_undo_either():
    failing = drift_markdown(report(plan(), failing=(FAILING,)), revert="apply", pull="pull")
    assert ("Keep it" in failing, "Revert it" in failing, "Repair it" in failing) == (False, False, True)
    retiring = drift_markdown(report(plan(), retiring=(SOON,)), revert="apply", pull="pull")
    assert ("Keep it" in retiring, "Revert it" in retiring) == (False, False)


def test_an_outlet_with_other_content_has_no_values_to_pull():
    tampered = update(field("outlets", "ab", "cd"), reasons=(Reason("copy-differs", {"outlets": ["b"]}),))
    made = report(plan(drift=(tampered,)))
    text = drift_markdown(made, revert="apply", pull="pull")
    assert ("Keep it" in text, "Revert it" in text) == (False, True)


def test_thousands_of_assistants_and_files_fit():
    failing = tuple(
        FailingFile("vectorstore/handbook", f"kb/{n}.md", "invalid_file", f"kb/{n}.md") for n in range(2000)
    )
    text = drift_markdown(replace(many(1000), failing=failing), full="All of it: the artifact.")
    assert LIMIT * 0.8 < size(text) <= LIMIT
    read = markdown(text)
    assert read.headings == ["Drift: `acme/production`", "Changed outside Reconciler", "Failing files", "Assistants"]
    assert "1000 modified, 2000 failing files, 0 unchanged." in read.text
    assert not read.other


def test_a_thousand_assistants_in_sync_are_one_folded_line():
    text = drift_markdown(replace(many(1000), plan=plan(), drifted=(), assistants=many(1000).assistants[1000:]))
    assert "<details><summary>1000 assistants in sync.</summary>" in text
    assert size(text) <= LIMIT
