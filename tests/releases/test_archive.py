"""`archive`: what goes with what, who stands in the way, and that nothing is written then."""

import pytest

from reconciler.project.all_environments import load_all_environments
from reconciler.releases.archive import archive, blockers
from reconciler.releases.model import Archived
from reconciler.releases.publish import publish
from reconciler.releases.release import release
from reconciler.resources.address import Address
from reconciler.resources.problems import ReconcilerError
from tests.support.asking import chains, listed, places
from tests.support.desk import HEAD, Desk

FIRST = "releases/support/v1.yaml"


def archived(desk: Desk, address: str) -> Archived:
    """Archive something that may go."""
    assert Address.parse(address) not in blockers(load_all_environments(desk.root, {}))
    done = archive(desk.root, {}, Address.parse(address))
    assert done.refusals == ()
    assert [problem for env in ("staging", "production") for problem in desk.load(env).problems] == []
    return done


def refused(desk: Desk, address: str) -> list[tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]]]:
    """Rule, environments and full sections of every refusal."""
    desk.commit()
    done = archive(desk.root, {}, Address.parse(address))
    assert desk.changed() == []
    assert done.refusals
    assert done.edits == ()
    if address.startswith("assistant/"):
        assert blockers(load_all_environments(desk.root, {}))[Address.parse(address)] == done.refusals
    return [
        (
            one.refusal.rule,
            one.environments,
            listed(one.refusal),
        )
        for one in done.refusals
    ]


def without_triage(desk: Desk) -> None:
    desk.edit("pipelines/flow.yaml", "assistant: triage", "assistant: closer")


EVERYWHERE = ("staging", "production")


@pytest.mark.parametrize("desk", ["responses", "assistants"], indirect=True)
class TestAssistants:
    def test_an_unreferenced_assistant_is_removed(self, desk: Desk) -> None:
        without_triage(desk)
        done = archived(desk, "assistant/triage")
        assert (done.removed, done.marked) == (("assistant/triage", "vectorstore/handbook"), ())
        assert not (desk.root / "assistants/triage.yaml").exists()
        assert not (desk.root / "stores/handbook.yaml").exists()

    def test_an_assistant_of_a_pipeline_is_refused(self, desk: Desk) -> None:
        sections = {"Pipelines": ("pipeline/flow",)}
        assert refused(desk, "assistant/triage") == [("referenced", EVERYWHERE, sections)]

    def test_an_assistant_of_a_chatbot_is_refused(self, desk: Desk) -> None:
        without_triage(desk)
        desk.edit("chatbots/support.yaml", "pipeline: flow", "assistant: triage")
        sections = {"Chatbots": ("chatbot/support [unreleased]",)}
        assert refused(desk, "assistant/triage") == [("referenced", EVERYWHERE, sections)]

    def test_unpublished_releases_are_archived_with_an_assistant(self, desk: Desk) -> None:
        release(desk.root, {}, "support")
        without_triage(desk)
        release(desk.root, {}, "support", publish=True)
        done = archived(desk, "assistant/triage")
        assert (done.removed, done.marked) == (("assistant/triage", "vectorstore/handbook"), ("release/support@1",))
        spec = desk.resource("release/support@1").spec
        assert (spec.archived, spec.content, spec.digest[:7]) == (True, None, "sha256:")
        assert desk.resource("release/support@2").spec.content

    def test_an_assistant_of_a_published_release_is_refused_in_its_environment(self, desk: Desk) -> None:
        release(desk.root, {}, "support", publish=True)
        without_triage(desk)
        release(desk.root, {}, "support")
        publish(desk.root, {}, "support", 2, env="staging")
        sections = {"Chatbots Referencing Pipeline": ("release/support@1 [published]",)}
        assert refused(desk, "assistant/triage") == [("referenced", ("production",), sections)]

    def test_strict_projects_keep_released_versions_too(self, desk: Desk) -> None:
        release(desk.root, {}, "support")
        without_triage(desk)
        desk.edit("project.yaml", "  environments:", "  safety: {archive: strict}\n  environments:")
        ((rule, _, sections),) = refused(desk, "assistant/triage")
        assert rule == "referenced"
        assert sections == {"Chatbots Referencing Pipeline": ("release/support@1 [released]",)}

    def test_a_protected_assistant_is_refused(self, desk: Desk) -> None:
        without_triage(desk)
        desk.edit("assistants/triage.yaml", "spec:", "lifecycle: {protect: true}\nspec:")
        assert refused(desk, "assistant/triage") == [("protected", EVERYWHERE, {})]

    @pytest.mark.parametrize("lifecycle", ["protect", "keep_on_delete"])
    def test_a_store_with_keep_on_delete_is_not_removed(self, desk: Desk, lifecycle: str) -> None:
        without_triage(desk)
        desk.edit("stores/handbook.yaml", "spec:", f"lifecycle: {{{lifecycle}: true}}\nspec:")
        assert archived(desk, "assistant/triage").removed == ("assistant/triage",)

    def test_a_store_with_other_users_is_not_removed(self, desk: Desk) -> None:
        without_triage(desk)
        tools = "  tools: [{type: file_search, vector_store_ids: [handbook]}]\n"
        desk.write("assistants/closer.yaml", desk.read("assistants/closer.yaml") + tools)
        assert archived(desk, "assistant/triage").removed == ("assistant/triage",)

    def test_a_store_that_a_release_shares_live_is_not_removed(self, desk: Desk) -> None:
        desk.edit("stores/handbook.yaml", "spec:\n", "spec:\n  releases: live\n")
        desk.write("chatbots/other.yaml", HEAD.format(kind="Chatbot", name="other", more="") + "  assistant: triage\n")
        without_triage(desk)
        tools = "  tools: [{type: file_search, vector_store_ids: [handbook]}]\n"
        closer = desk.read("assistants/closer.yaml")
        desk.write("assistants/closer.yaml", closer + tools)
        release(desk.root, {}, "support", publish=True)
        desk.write("assistants/closer.yaml", closer)
        (desk.root / "chatbots/other.yaml").unlink()
        assert archived(desk, "assistant/triage").removed == ("assistant/triage",)

    def test_only_one_document_of_a_file_is_removed(self, desk: Desk) -> None:
        without_triage(desk)
        other = HEAD.format(kind="Assistant", name="other", more="") + "  model: gpt-6-luna\n"
        last = HEAD.format(kind="Assistant", name="last", more="") + "  model: gpt-6-luna # cheap\n"
        triage = desk.read("assistants/triage.yaml")
        desk.write("assistants/triage.yaml", f"# The other.\n{other}---\n{triage}---\n# The last.\n{last}")
        archived(desk, "assistant/triage")
        assert desk.read("assistants/triage.yaml") == f"# The other.\n{other}---\n# The last.\n{last}"

    @pytest.mark.parametrize(
        ("above", "kept"),
        [
            ("# Copyright 2026 Acme.\n# All rights reserved.\n", "# Copyright 2026 Acme.\n# All rights reserved.\n"),
            ("# Support bots.\n\n# The first one.\n", "# Support bots.\n\n"),
            ("# Support bots.\n\n", "# Support bots.\n\n"),
            ("# Support bots.\n---\n", "# Support bots.\n"),
            ("# yaml-language-server: $schema=../schema.json\n", "# yaml-language-server: $schema=../schema.json\n"),
            ("# The first one.\n", ""),
            ("---\n# The first one.\n", ""),
        ],
    )
    def test_comments_of_the_file_stay_when_its_first_document_is_removed(
        self, desk: Desk, above: str, kept: str
    ) -> None:
        without_triage(desk)
        last = HEAD.format(kind="Assistant", name="last", more="") + "  model: gpt-6-luna # cheap\n"
        triage = desk.read("assistants/triage.yaml")
        desk.write("assistants/triage.yaml", f"{above}{triage}\n# The last.\n---\n{last}")
        archived(desk, "assistant/triage")
        assert desk.read("assistants/triage.yaml") == f"{kept}# The last.\n---\n{last}"

    @pytest.mark.parametrize(
        ("below", "kept"),
        [
            ("\n# End of the file.\n", "\n# End of the file.\n"),
            ("...\n# End of the file.\n", "...\n# End of the file.\n"),
            ("# vim: set ts=2:\n", "# vim: set ts=2:\n"),
            ("  # tools: []\n", ""),
            ("# About triage.\n", ""),
            ("...\n", ""),
        ],
    )
    def test_comments_of_the_file_stay_when_its_last_document_is_removed(
        self, desk: Desk, below: str, kept: str
    ) -> None:
        without_triage(desk)
        other = HEAD.format(kind="Assistant", name="other", more="") + "  model: gpt-6-luna\n"
        desk.write("assistants/triage.yaml", f"{other}---\n{desk.read('assistants/triage.yaml')}{below}")
        archived(desk, "assistant/triage")
        assert desk.read("assistants/triage.yaml") == f"{other}{kept}"

    def test_the_comment_above_a_removed_document_goes_with_it(self, desk: Desk) -> None:
        without_triage(desk)
        other = HEAD.format(kind="Assistant", name="other", more="") + "  model: gpt-6-luna\n# End.\n"
        desk.write("assistants/triage.yaml", f"{other}\n# Triage.\n---\n{desk.read('assistants/triage.yaml')}")
        archived(desk, "assistant/triage")
        assert desk.read("assistants/triage.yaml") == f"{other}\n"

    def test_a_removed_text_that_is_not_committed_is_kept_as_a_blob(self, desk: Desk) -> None:
        without_triage(desk)
        text = desk.read("assistants/triage.yaml") + "  # edited\n"
        desk.write("assistants/triage.yaml", text)
        done = archived(desk, "assistant/triage")
        assert list(done.kept) == ["assistants/triage.yaml"]
        assert desk.git("cat-file", "-p", done.kept["assistants/triage.yaml"]) == text


class TestReleases:
    def test_an_unpublished_release_is_archived(self, desk: Desk) -> None:
        release(desk.root, {}, "support", message="first")
        done = archived(desk, "release/support@1")
        assert (done.removed, done.marked) == ((), ("release/support@1",))
        assert desk.read(FIRST).endswith("  archived: true\n")
        assert "message: first" in desk.read(FIRST)
        with pytest.raises(ReconcilerError, match="is already archived"):
            archive(desk.root, {}, Address.parse("release/support@1"))

    def test_a_published_release_is_refused(self, desk: Desk) -> None:
        release(desk.root, {}, "support")
        publish(desk.root, {}, "support", 1, env="production")
        ((rule, environments, _),) = refused(desk, "release/support@1")
        assert (rule, environments) == ("published", ("production",))

    def test_a_release_with_a_referenced_copy_is_refused(self, desk: Desk) -> None:
        release(desk.root, {}, "support")
        desk.edit("pipelines/flow.yaml", "assistant: closer", "assistant: closer@support.1")
        ((rule, _, sections),) = refused(desk, "release/support@1")
        assert (rule, sections) == ("referenced", {"Pipelines": ("pipeline/flow",)})


class TestOthers:
    def test_a_chatbot_is_removed_with_all_its_releases(self, desk: Desk) -> None:
        release(desk.root, {}, "support", publish=True)
        done = archived(desk, "chatbot/support")
        assert (done.removed, done.marked) == (("chatbot/support",), ("release/support@1",))
        assert archived(desk, "pipeline/flow").removed == ("pipeline/flow",)

    def test_a_pipeline_of_a_chatbot_is_refused(self, desk: Desk) -> None:
        ((rule, _, sections),) = refused(desk, "pipeline/flow")
        assert (rule, sections) == ("referenced", {"Other references": ("chatbot/support",)})

    @pytest.mark.parametrize(
        ("address", "code"),
        [
            ("vectorstore/handbook", "not-archived"),
            ("assistant/triag", "unknown-address"),
            ("release/support@1", "unknown-address"),
        ],
    )
    def test_other_kinds_cannot_be_archived(self, desk: Desk, address: str, code: str) -> None:
        with pytest.raises(ReconcilerError) as error:
            archive(desk.root, {}, Address.parse(address))
        assert [problem.code for problem in error.value.problems] == [code]

    def test_a_refusal_offers_no_consent(self, desk: Desk) -> None:
        (one,) = archive(desk.root, {}, Address.parse("assistant/triage")).refusals
        assert (one.refusal.consent, one.refusal.subject) == (None, "")
        assert chains(one.refusal) == (("chatbot/support", "pipeline/flow", "assistant/triage"),)
        assert places(one.refusal)["pipeline/flow"] == "ops/pipelines/flow.yaml:6"
