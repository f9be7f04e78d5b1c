from dataclasses import replace
from textwrap import dedent

import pytest

from reconciler.cli.output import inert
from reconciler.planning.model import Change, Costs, Unknown
from reconciler.planning.reasons import Reason
from reconciler.reports.markdown.escaping import marker
from reconciler.reports.markdown.fitting import LIMIT, size
from reconciler.reports.markdown.plan import plan_markdown
from tests.support.plans import REFERENCED, TRIAGE, field, plan, refers, risky, update, upload
from tests.support.reading import markdown

PROMPT = "\n".join(f"Rule {number}: be kind." for number in range(60))


def golden(text):
    return dedent(text).removeprefix("\n")


def test_the_comment_on_a_pull_request():
    change = update(
        field("model", "gpt-6-luna", "gpt-6"),
        field("instructions", PROMPT, PROMPT.replace("Rule 30: be kind.", "Rule 30: be brief.")),
        source=TRIAGE,
        risks=(risky("the model changes"),),
    )
    risk = risky("the model changes")
    costs = Costs(
        "prices of 2026-11", prompts=(10, 20), growth=(("vectorstore/kb", 9),), unknown=(Unknown("text", ("tokens",)),)
    )
    hand = update(field("temperature", 0.9, 0.3, "drift"), address="assistant/billing", decision="keep")
    pairs = refers(("pipeline/flow", "assistant/triage"))
    made = plan(change, drift=(hand,), unchanged=7, requests={"POST": 1}, references=pairs, commit="3f2c1ab9d0e1f2a3")
    made = replace(made, digest="sha256:12", risks=(risk,), costs=costs)
    text = plan_markdown(made, command="reconciler apply plan.json")
    assert text == golden("""
        <!-- reconciler:plan acme/production -->

        ## Risky: `acme/production`

        1 change, 1 medium risk: 1 update, 1 drifted to keep, 7 unchanged.

        ### Risks

        - **medium** `assistant/triage` the model changes (`model-changed`)

        ### Your changes

        `~` **update** `assistant/triage` · `manifests/assistants/triage.yaml:1`

        - **Risk:** medium model-changed: the model changes

        ```diff
        - model: "gpt-6-luna"
        + model: "gpt-6"
        ```

        `instructions` +1 -1

        ```diff
        @@ line 29 @@
          Rule 28: be kind.
          Rule 29: be kind.
        - Rule 30: be kind.
        + Rule 30: be brief.
          Rule 31: be kind.
          Rule 32: be kind.
        ```

        ### Changed outside Reconciler

        Differences are shown as live -> manifest. Apply keeps these changes; `--on-drift revert` reverts them.

        `!` **modified** `assistant/billing`

        ```diff
        - temperature: 0.9
        + temperature: 0.3
        ```

        ### Affected objects and their dependents

        ```mermaid
        flowchart LR
          n0["#33; assistant/billing"]:::drift
          n1["#126; assistant/triage"]:::changed
          n2["pipeline/flow"]
          n2 --> n1
          classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328
          classDef drift fill:#fbefff,stroke:#8250df,color:#1f2328
        ```

        ### Costs, estimated

        With prices of `2026-11`

        - vector stores: 0 B -> 0 B, $0.00 -> $0.00 a day
        - instructions: 10 -> 20 characters
        - unknown: tokens

        ---

        1 write to OpenAI: 1 POST.

        Apply with `reconciler apply plan.json`.

        Plan `sha256:12` of commit `3f2c1ab9d0e1`
        """)


def test_a_refusal_comes_first_with_its_sections_places_and_the_way_out():
    text = plan_markdown(plan(update(field("model", "a", "b")), refusals=(REFERENCED,)))
    assert (
        golden("""
        ## Refused: `acme/production`

        1 refusal; the change below will not be applied.

        ### Refused

        `✕` **delete** `assistant/triage` · `assistant/triage` is still used `refused[referenced]`

        - Chatbots
          - `chatbot/support [unreleased]` (`manifests/chatbots/support.yaml:4`)
        - Pipelines
          - `pipeline/triage-flow` (`manifests/pipelines/triage-flow.yaml:9`)
        - Chatbots Referencing Pipeline
          - `release/support@2 [published]` (`releases/support/v2.yaml:31`)
        - through `release/support@2` (`releases/support/v2.yaml:9`) → `pipeline/triage-flow@support.2` """)
        in text
    )
    way_out = (
        "Publish a release without it in place of `release/support@2`; or restore the manifest of `assistant/triage`."
    )
    assert f"**Remedy:** {way_out}" in text
    assert "kind: Consent\nmetadata: {name: drop-triage}\n```\n\n</details>" in text


def test_each_decision_about_what_was_changed_by_hand_is_said():
    hand = update(field("temperature", 0.9, 0.3, "drift"))
    said = {one: plan_markdown(plan(drift=(replace(hand, decision=one),))) for one in ("revert", "keep", None)}
    assert "Apply reverts these changes" in said["revert"]
    assert "Apply keeps these changes" in said["keep"]
    assert "These changes are undecided" in said[None]
    both = replace(hand, decision="keep"), replace(hand, decision="revert", address="assistant/billing")
    mixed = plan_markdown(plan(drift=both))
    assert "`assistant/triage` · kept" in mixed
    assert "`assistant/billing` · reverted" in mixed


def test_long_diffs_are_folded_and_long_lists_of_uploads_are_one_entry():
    text = plan_markdown(plan(update(field("instructions", "", PROMPT)), *(upload(f"kb/{n}.md") for n in range(30))))
    assert "<details><summary><code>instructions</code> +60 -1, 61 lines</summary>" in text
    assert "`+` **create** 30 files under `kb/` (30 kB)" in text


def big(changes, prompt):
    return plan(
        *(update(field("instructions", prompt, f"{prompt} Now."), address=f"assistant/a{n}") for n in range(changes)),
        references=refers(*((f"chatbot/c{n}", f"assistant/a{n}") for n in range(changes))),
        refusals=(REFERENCED,),
        digest="sha256:12",
    )


def test_a_plan_of_thousands_fits_and_says_what_is_missing():
    text = plan_markdown(big(2000, PROMPT), full="All of it: the artefact.")
    assert LIMIT * 0.8 < size(text) <= LIMIT
    assert text.startswith(marker("plan", "acme/production"))
    read = markdown(text)
    assert read.headings[:3] == ["Refused: `acme/production`", "Refused", "Your changes"]
    assert "chatbot/support [unreleased]" in read.code
    assert "sha256:12" in read.code
    assert "entries of the lists. All of it: the artefact." in read.text
    assert not read.other


def test_instructions_of_a_megabyte_fit():
    for prompt in ("word " * 200_000, "line\n" * 200_000, "x" * 1_000_000):
        text = plan_markdown(big(1, prompt))
        assert size(text) <= LIMIT
        assert "assistant/a0" in markdown(text).code


@pytest.mark.parametrize("line", ["##[", "::x"])
def test_what_is_printed_otherwise_for_a_runner_fits(line):
    """Every `##[` in a value; a `::` that begins a line, as those of a manifest do that is to be completed."""
    refusal = replace(REFERENCED, consent=f"{line}\n" * 2000)
    text = inert(plan_markdown(plan(refusals=(refusal,) * 8)))
    assert LIMIT * 0.5 < len(text) <= LIMIT


def test_thousands_of_refusals_fit():
    many = [replace(REFERENCED, address=f"assistant/a{number}") for number in range(3000)]
    text = plan_markdown(plan(refusals=tuple(many)))
    assert size(text) <= LIMIT
    assert "more: " in text


def test_what_is_deleted_is_summed_up():
    gone = Change("assistant/triage", "delete", (field("model", "gpt-6"),), reasons=(Reason("manifest-removed"),))
    assert '- manifest removed\n\n```text\nmodel: "gpt-6"\n```' in plan_markdown(plan(gone))
