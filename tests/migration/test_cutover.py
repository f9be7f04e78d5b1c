"""`migrate --cutover`: the manifests that it writes, when it refuses, and the way back."""

from dataclasses import replace

import pytest

from reconciler.migration.cutover import cutover
from reconciler.migration.cutover_model import Cutover, Row
from reconciler.resources.base import Desired
from reconciler.resources.problems import ReconcilerError
from tests.support.desk import HEAD, Desk

SWITCHED = [
    " M ops/chatbots/support.yaml",
    " M ops/pipelines/flow.yaml",
    "?? ops/assistants/closer-responses.yaml",
    "?? ops/assistants/triage-responses.yaml",
    "?? ops/releases/support/v2.yaml",
]


def switch(desk: Desk, target: str = "responses", *, env: str | None = None, dry_run: bool = False) -> Cutover:
    return cutover(desk.root, {}, "support", target, env=env, dry_run=dry_run)


def refusals(desk: Desk, target: str = "responses") -> dict[str, str]:
    """Return the refusals of a cutover that writes nothing, by code."""
    before = desk.git("status", "--short", "-uall")
    done = switch(desk, target)
    assert done.written == () == done.edits
    assert desk.git("status", "--short", "-uall") == before
    return {one.code: one.message for one in done.refusals}


def row(done: Cutover, field: str, *, pair: str = "assistant/triage") -> Row:
    (found,) = (one for one in done.pairs if pair in (str(one.before), str(one.after)))
    return next(one for one in found.rows if field in (one.field, one.to))


def desired(desk: Desk, env: str) -> dict[str, Desired]:
    loaded = desk.load(env)
    assert [str(one) for one in loaded.problems if one.severity == "error"] == []
    objects = (one for resource in loaded.resources for one in resource.kind.desired(resource, loaded.scope))
    return {str(one.address): one for one in objects}


def short_status(desk: Desk) -> list[str]:
    return sorted(desk.git("status", "--short", "-uall").splitlines())


class TestTheSwitch:
    def test_counterpart_of_a_manifest_in_markdown_is_in_markdown(self, desk: Desk) -> None:
        manifest, body = desk.read("assistants/triage.yaml"), desk.read("prompts/triage.md")
        (desk.root / "assistants/triage.yaml").unlink()
        front = manifest.replace("  instructions: {$file: prompts/triage.md}  # reviewed by legal\n", "")
        desk.write("assistants/triage.md", f"---\n{front}---\n\n{body}")
        desk.commit()
        done = switch(desk)
        assert done.refusals == ()
        made = desk.read("assistants/triage-responses.md")
        assert made.startswith("---\n# The first contact.\napiVersion: reconciler/v1\n")
        assert made.endswith(f"\n---\n\n{body}")
        desired(desk, "staging")

    def test_one_chatbot_is_switched_and_everything_else_stays(self, desk: Desk) -> None:
        done = switch(desk)
        assert done.refusals == () == done.warnings
        assert short_status(desk) == SWITCHED
        assert sorted(done.written) == sorted(line[3:].removeprefix("ops/") for line in SWITCHED)
        assert [(one.environment, one.before, one.after) for one in done.moves] == [
            ("staging", 1, 2),
            ("production", 1, 2),
        ]

    def test_the_counterpart_keeps_comments_includes_variables_and_references(self, desk: Desk) -> None:
        switch(desk)
        text = desk.read("assistants/triage-responses.yaml")
        assert text.startswith("# The first contact.\napiVersion: reconciler/v1\n")
        for line in (
            "  labels: {team: claims, counterpart: triage}  # pays",
            "lifecycle: {protect: true, ignore: [temperature]}",
            "  model: gpt-4o  # cheap",
            "  instructions: {$file: prompts/triage.md}  # reviewed by legal",
            "    # searches the handbook\n    - type: file_search\n",
            "    # asks the claims system\n    - type: function\n      name: get_claim\n",
            "        $file: tools/get_claim.json\n",
            "        $file: formats/answer.json\n",
            "  temperature: ${var.warmth}\n",
            "  target: responses\n",
        ):
            assert line in text
        assert "first-contact" not in text

    def test_the_new_release_has_the_new_target_and_the_old_one_is_untouched(self, desk: Desk) -> None:
        old = desk.read("releases/support/v1.yaml")
        switch(desk)
        objects = desk.resource("release/support@2").spec.content.objects
        assert {objects[f"assistant/{name}-responses"]["target"] for name in ("triage", "closer")} == {"responses"}
        assert not any(address in objects for address in ("assistant/triage", "assistant/closer"))
        assert desk.read("releases/support/v1.yaml") == old
        copies = desired(desk, "staging")
        assert copies["assistant/triage@support.1"].type == "assistant"
        assert copies["assistant/triage-responses@support.2"].type == "request"

    def test_the_comments_of_edited_manifests_stay(self, desk: Desk) -> None:
        switch(desk)
        flow = desk.read("pipelines/flow.yaml")
        assert "first: {type: assistant, assistant: triage-responses}  # first contact\n" in flow
        assert "functions_from: [assistant/triage-responses]" in flow
        assert desk.read("chatbots/support.yaml").endswith("  pipeline: flow # the only one\n  published: 2\n")

    def test_a_chatbot_that_shares_an_assistant_keeps_it_and_is_named(self, desk: Desk) -> None:
        done = switch(desk)
        assert [(str(one.assistant), list(map(str, one.users))) for one in done.shared] == [
            ("assistant/closer", ["chatbot/night"])
        ]
        assert desk.resource("chatbot/night").spec.assistant == "closer"

    def test_an_assistant_of_a_chatbot_without_a_pipeline(self, desk: Desk) -> None:
        done = cutover(desk.root, {}, "night", "agents")
        assert done.release is None
        assert desk.read("chatbots/night.yaml").endswith("  assistant: closer-agents\n")
        assert short_status(desk) == [" M ops/chatbots/night.yaml", "?? ops/assistants/closer-agents.yaml"]

    def test_one_environment_first(self, desk: Desk) -> None:
        switch(desk, env="staging")
        assert desk.resource("chatbot/support").spec.published == {"staging": 2, "production": 1}
        done = switch(desk, env="production")
        assert done.written == ("chatbots/support.yaml",)
        assert desk.resource("chatbot/support").spec.published == {"staging": 2, "production": 2}

    def test_an_unpublished_environment_stays_unpublished(self, desk: Desk) -> None:
        desk.edit("chatbots/support.yaml", "published: 1", "published: {staging: 1}")
        switch(desk)
        assert desk.resource("chatbot/support").spec.published == {"staging": 2}

    @pytest.mark.parametrize("environ", [{}, {"RECONCILER_ENV": "production"}])
    def test_a_chosen_environment_in_which_it_is_not_published_stays_so(self, environ, desk: Desk) -> None:
        desk.edit("chatbots/support.yaml", "published: 1", "published: {staging: 1}")
        done = cutover(desk.root, environ, "support", "responses", env=None if environ else "production")
        assert (done.release, done.moves) == (None, ())
        assert desk.resource("chatbot/support").spec.published == {"staging": 1}
        assert cutover(desk.root, {"RECONCILER_ENV": "staging"}, "night", "responses").release is None

    def test_a_dry_run_writes_nothing_and_lists_the_files(self, desk: Desk) -> None:
        done = switch(desk, dry_run=True)
        assert short_status(desk) == []
        assert done.written == ()
        assert len(done.edits) == len(SWITCHED)

    def test_a_second_switch_changes_nothing(self, desk: Desk) -> None:
        switch(desk)
        before = short_status(desk)
        done = switch(desk)
        assert done.is_empty
        assert [one.is_switched for one in done.pairs] == [False, False]
        assert short_status(desk) == before

    def test_an_edited_counterpart_is_not_released_by_a_second_switch(self, desk: Desk) -> None:
        switch(desk)
        desk.edit("assistants/triage-responses.yaml", "model: gpt-4o", "model: gpt-6-luna")
        done = switch(desk)
        assert done.is_empty
        assert row(done, "model").verdict == "differs"

    def test_a_counterpart_written_by_hand_is_used(self, desk: Desk) -> None:
        labels = "metadata: {name: desk, labels: {counterpart: triage}}\n"
        head = HEAD.format(kind="Assistant", name="desk", more="").replace("metadata: {name: desk}\n", labels)
        desk.write("assistants/desk.yaml", head + "  target: agents\n  model: gpt-6-luna\n")
        done = switch(desk, "agents")
        assert "assistant: desk}" in desk.read("pipelines/flow.yaml")
        assert row(done, "tools[0] file_search").verdict == "lost"
        assert row(done, "model").verdict == "differs"

    def test_the_default_target_of_the_project_has_no_influence(self, desk: Desk) -> None:
        desk.edit("assistants/closer.yaml", "  model", "  target: assistants\n  model")
        desk.edit("project.yaml", "target: assistants", "target: responses")
        desk.edit("assistants/triage.yaml", "spec:\n", "spec:\n  target: assistants\n")
        switch(desk)
        assert "target: responses" in desk.read("assistants/closer-responses.yaml")

    def test_a_manifest_in_a_file_with_others(self, desk: Desk) -> None:
        closer = desk.read("assistants/closer.yaml")
        desk.write("assistants/triage.yaml", f"{desk.read('assistants/triage.yaml')}---\n# closes\n{closer}# end\n")
        (desk.root / "assistants/closer.yaml").unlink()
        switch(desk)
        made = desk.read("assistants/closer-responses.yaml")
        assert made.startswith("# closes\napiVersion")
        assert "---" not in made


class TestTheWayBack:
    def test_everything_is_as_before_except_for_the_new_manifests(self, desk: Desk) -> None:
        before = {env: desired(desk, env) for env in ("staging", "production")}
        switch(desk)
        done = switch(desk, "assistants")
        assert (str(done.release), done.is_released) == ("release/support@1", False)
        assert short_status(desk) == [line for line in SWITCHED if line.startswith("??")]
        for env, objects in before.items():
            after = desired(desk, env)
            assert {address: replace(after[address], place=one.place) for address, one in objects.items()} == objects

    def test_there_and_back_and_there_again_makes_no_further_release(self, desk: Desk) -> None:
        switch(desk)
        switched = {path: desk.read(path) for path in ("pipelines/flow.yaml", "chatbots/support.yaml")}
        switch(desk, "assistants")
        done = switch(desk)
        assert {path: desk.read(path) for path in switched} == switched
        assert (str(done.release), done.is_released) == ("release/support@2", False)

    def test_an_edit_since_then_is_part_of_a_new_release(self, desk: Desk) -> None:
        switch(desk)
        desk.edit("prompts/triage.md", "shortly", "politely")
        done = switch(desk, "assistants")
        assert (str(done.release), done.is_released) == ("release/support@3", True)
        assert [one.code for one in done.warnings] == ["unreleased-changes"]
        objects = desk.resource("release/support@3").spec.content.objects
        assert (objects["assistant/triage"]["target"], objects["assistant/triage"]["name"]) == (
            "assistants",
            "Claims Desk",
        )

    def test_a_removed_manifest_is_restored_from_a_release(self, desk: Desk) -> None:
        before = desired(desk, "staging")["assistant/triage"]
        switch(desk)
        (desk.root / "assistants/triage.yaml").unlink()
        done = switch(desk, "assistants")
        assert [one.code for one in done.warnings] == ["restored-manifest"]
        assert row(done, "response_format").verdict == "same"
        after = desired(desk, "staging")["assistant/triage"]
        assert (after.type, after.fields) == ("assistant", before.fields)

    def test_a_removed_manifest_that_no_release_has_is_refused(self, desk: Desk) -> None:
        switch(desk)
        for path in ("assistants/triage.yaml", "releases/support/v1.yaml"):
            (desk.root / path).unlink()
        desk.commit()
        assert list(refusals(desk, "assistants")) == ["no-counterpart"]

    def test_from_one_new_target_to_the_other_leads_over_the_old_one(self, desk: Desk) -> None:
        cutover(desk.root, {}, "night", "responses")
        desk.commit()
        done = cutover(desk.root, {}, "night", "agents")
        assert [one.code for one in done.refusals] == ["no-counterpart"]
        assert "reconciler migrate --cutover night --to assistants" in done.refusals[0].hint
        cutover(desk.root, {}, "night", "assistants")
        cutover(desk.root, {}, "night", "agents")
        assert desk.resource("chatbot/night").spec.assistant == "closer-agents"


class TestRefusals:
    def test_files_and_stores_on_target_agents(self, desk: Desk) -> None:
        done = switch(desk, "agents")
        assert {one.code for one in done.refusals} == {"not-expressible"}
        reasons = "\n".join(one.message for one in done.refusals)
        for field in ("tools[0] file_search", "tools[1] code_interpreter", "tool_resources.file_search"):
            assert f"assistant/triage cannot be switched to target agents: {field}" in reasons
        assert all(one.hint and one.place for one in done.refusals)

    def test_a_search_without_a_store(self, desk: Desk) -> None:
        desk.edit("assistants/triage.yaml", "    file_search: {vector_store_ids: [handbook]}\n", "")
        assert "no vector store to search" in refusals(desk)["not-expressible"]

    def test_an_unknown_setting_of_a_tool(self, desk: Desk) -> None:
        desk.edit("assistants/triage.yaml", "- type: code_interpreter", "- {type: code_interpreter, extra: {gpu: 1}}")
        assert "tools[1].extra.gpu" in refusals(desk)["not-expressible"]

    def test_a_pipeline_that_another_chatbot_uses(self, desk: Desk) -> None:
        desk.edit("chatbots/night.yaml", "assistant: closer", "pipeline: flow")
        assert "also used by chatbot/night" in refusals(desk)["shared-pipeline"]

    def test_a_pinned_copy(self, desk: Desk) -> None:
        desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: closer@support.1")
        assert "pins assistant/closer@support.1" in refusals(desk)["pinned-copy"]

    def test_a_reference_in_a_variable(self, desk: Desk) -> None:
        desk.edit("project.yaml", "warmth: 0.5}", "warmth: 0.5, last: closer}")
        desk.edit("project.yaml", "warmth: 1}", "warmth: 1, last: triage}")
        desk.edit("pipelines/flow.yaml", "assistant: closer", 'assistant: "${var.last}"')
        assert "by a variable" in refusals(desk)["reference-not-written"]

    def test_a_retention_that_archives_the_release_of_a_rollback(self, desk: Desk) -> None:
        desk.edit("chatbots/support.yaml", "  published: 1", "  published: 1\n  releases: {keep: 1}")
        assert "archives release 1" in refusals(desk)["rollback-archived"]

    def test_a_chatbot_without_assistants_of_the_old_target(self, desk: Desk) -> None:
        desk.edit("assistants/closer.yaml", "  model", "  target: agents\n  model")
        with pytest.raises(ReconcilerError) as error:
            cutover(desk.root, {}, "night", "responses")
        assert [one.code for one in error.value.problems] == ["nothing-to-switch"]

    def test_several_counterparts(self, desk: Desk) -> None:
        for name in ("one", "two"):
            labels = f"metadata: {{name: {name}, labels: {{counterpart: closer}}}}\n"
            head = HEAD.format(kind="Assistant", name=name, more="")
            text = head.replace(f"metadata: {{name: {name}}}\n", labels) + "  target: responses\n  model: gpt-6-luna\n"
            desk.write(f"assistants/{name}.yaml", text)
        with pytest.raises(ReconcilerError) as error:
            switch(desk)
        assert [one.code for one in error.value.problems] == ["ambiguous-counterpart"]


class TestWarnings:
    def test_changes_that_were_not_released_are_named(self, desk: Desk) -> None:
        desk.edit("prompts/triage.md", "shortly", "politely")
        done = switch(desk)
        (warning,) = done.warnings
        assert warning.code == "unreleased-changes"
        assert "release/support@2 also publishes changes since release/support@1: assistant/triage" in warning.message

    def test_other_targets_of_the_chatbot_are_named(self, desk: Desk) -> None:
        desk.edit("assistants/closer.yaml", "  model", "  target: agents\n  model")
        assert [(str(address), target) for address, target in switch(desk).others] == [("assistant/closer", "agents")]


class TestSideBySide:
    def test_every_field_of_the_old_configuration_is_reported(self, desk: Desk) -> None:
        done = switch(desk, dry_run=True)
        (pair,) = (one for one in done.pairs if str(one.before) == "assistant/triage")
        roots = {one.field.split(" ")[0].split(".")[0].split("[")[0] for one in pair.rows}
        assert roots - {"lifecycle"} == set(desk.resource("assistant/triage").spec.model_dump(exclude_unset=True)) - {
            "target"
        }

    def test_ignored_fields_have_their_new_names(self, desk: Desk) -> None:
        desk.edit("assistants/triage.yaml", "[temperature, name]", "[response_format, temperature, name]")
        found = row(switch(desk), "lifecycle.ignore")
        assert (found.verdict, found.after, found.note) == (
            "changed",
            ["text", "temperature"],
            "the new manifest does not have name",
        )
        assert desk.resource("assistant/triage-responses").lifecycle.ignore == ("text", "temperature")

    def test_fields_with_other_names_are_the_same(self, desk: Desk) -> None:
        done = switch(desk, dry_run=True)
        assert (row(done, "reasoning_effort").to, row(done, "reasoning_effort").verdict) == ("reasoning.effort", "same")
        assert row(done, "response_format").to == "text.format"
        store = row(done, "tool_resources.file_search.vector_store_ids")
        assert (store.to, store.before, store.after) == (
            "tools.file_search.vector_store_ids",
            ["handbook"],
            ["handbook"],
        )

    def test_what_cannot_be_the_same_is_said(self, desk: Desk) -> None:
        done = switch(desk, dry_run=True)
        assert "ranker default_2024_08_21" in row(done, "tools[0] file_search").note
        assert "20 minutes" in row(done, "tools[1] code_interpreter").note
        assert "limits: assistants: 256,000, responses: none documented" in row(done, "instructions").note
        assert {one.code for one in done.calls} == {"conversation", "answer", "functions", "files", "options"}
        assert row(done, "description").verdict == "lost"

    def test_parameters_that_the_model_refuses_are_risks(self, desk: Desk) -> None:
        desk.edit("assistants/triage.yaml", "model: gpt-4o", "model: gpt-6.2-astra")
        risks = next(one for one in switch(desk, dry_run=True).pairs if str(one.before) == "assistant/triage").risks
        assert [(one.rule, one.args.get("parameter")) for one in risks] == [
            ("parameter-refused", "temperature"),
            ("instructions-moved", None),
        ]

    def test_the_way_back_shows_the_sides_in_the_other_order(self, desk: Desk) -> None:
        there = switch(desk)
        back = switch(desk, "assistants")
        one, other = row(there, "response_format"), row(back, "response_format")
        assert (one.field, one.to, one.before, one.after) == (other.to, other.field, other.after, other.before)
        assert row(back, "description").verdict == "added"
