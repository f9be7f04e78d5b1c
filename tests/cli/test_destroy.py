"""`destroy`: the name that confirms it, the guard, saved plans, the mark of the state, and environments that
project.yaml does not have any longer.
"""

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from openai import AsyncOpenAI

from reconciler.cli.main import run
from tests.support.cli import Cli, Done, by_hand, edit

PROJECT: Final = """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: acme}
spec:
  defaults: {target: responses}
  environments:
    production: {variables: {model: gpt-6-luna}}
    staging: {variables: {model: gpt-6-luna}}
"""
STAGING: Final = "    staging: {variables: {model: gpt-6-luna}}\n"
MANIFESTS: Final = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: triage}
spec: {target: agents, model: "${var.model}", instructions: Sort.}
---
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: helper}
spec: {model: gpt-6-luna, instructions: Help., tools: [{type: file_search, vector_store_ids: [kb]}]}
---
apiVersion: reconciler/v1
kind: VectorStore
metadata: {name: kb}
spec: {files: ["kb/*.md"]}
"""
CHATBOT: Final = """\
apiVersion: reconciler/v1
kind: Chatbot
metadata: {name: support}
spec:
  assistant: helper
  published: {production: 1, staging: 1}
"""
DESTROY: Final = ("destroy", "--env", "staging")
CONFIRMED: Final = (*DESTROY, "--confirm", "staging")
PUBLISHED: Final = "published: {production: 1, staging: 1}"
NOT_PUBLISHED: Final = "published: {production: 1}"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that is applied in both environments, each with a published chatbot."""
    root = tmp_path_factory.mktemp("estate") / "acme"
    (root / "kb").mkdir(parents=True)
    (root / "kb/a.md").write_text("Bills.\n")
    (root / "kb/b.md").write_text("Sundays.\n")
    (root / "project.yaml").write_text(PROJECT)
    (root / "manifests.yaml").write_text(MANIFESTS)
    (root / "support.yaml").write_text(CHATBOT.replace(f"  {PUBLISHED}\n", ""))
    (root / ".gitignore").write_text(".reconciler/\n")
    for words in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)
    assert run(["release", "support", "-C", str(root)]) == 0
    (root / "support.yaml").write_text(CHATBOT)
    for environment in ("production", "staging"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RECONCILER_ENDPOINT", "embedded")
            assert run(["apply", "--yes", "--env", environment, "-C", str(root)]) == 0
    return root


@pytest.fixture
def acme(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the project as the working directory."""
    root = tmp_path / "acme"
    shutil.copytree(template, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("RECONCILER_ENDPOINT", "embedded")
    return root


@pytest.fixture
def unpublished(acme: Path) -> Path:
    """Return the project, with a chatbot that its manifest does not publish in staging any longer."""
    edit(acme / "support.yaml", PUBLISHED, NOT_PUBLISHED)
    return acme


@pytest.fixture
def destroyed(unpublished: Path, cli: Cli) -> Path:
    assert cli(*CONFIRMED).code == 0
    return unpublished


def labelled(root: Path, environment: str) -> int:
    """Return the number of live objects with the label of an environment."""

    async def read(sdk: AsyncOpenAI) -> int:
        agents = [one.to_dict().get("metadata") async for one in sdk.beta.agents.list()]
        stores = [one.metadata async for one in sdk.vector_stores.list()]
        owners = [str(dict(one or {}).get("reconciler-project", "")) for one in (*agents, *stores)]  # type: ignore[call-overload]
        return sum(owner.split()[0] == f"acme/{environment}" for owner in owners if owner)

    return by_hand(root, read)


def state_of(root: Path, environment: str = "staging") -> dict[str, object]:
    found = json.loads((root / f".reconciler/state/acme/{environment}/state.json").read_text())
    assert isinstance(found, dict)
    return found


def codes(done: Done) -> list[str]:
    return [one["code"] for one in done.document["problems"]]


class TestConfirmation:
    def test_without_a_terminal_the_name_is_required(self, unpublished, cli):
        for words in (DESTROY, (*DESTROY, "--yes")):
            done = cli(*words)
            assert (done.code, "pass --confirm NAME" in done.err) == (64, True)
        assert labelled(unpublished, "staging") == 3

    def test_another_name_changes_nothing(self, unpublished, cli):
        done = cli(*DESTROY, "--confirm", "production")
        assert done.code == 64
        assert "this plan destroys acme/staging: use 'staging'" in done.err
        assert labelled(unpublished, "staging") == 3

    def test_another_name_is_named_before_what_is_refused(self, acme, cli):
        for words in ((*DESTROY, "--confirm", "production"), (*DESTROY, "--confirm", "production", "--out", "p.json")):
            done = cli(*words)
            assert (done.code, "this plan destroys acme/staging: use 'staging'" in done.err) == (64, True)
        assert cli(*CONFIRMED, "--out", "p.json").code == 3
        assert cli("apply", "p.json", "--confirm", "production").code == 64

    def test_with_the_name_everything_of_the_environment_is_removed(self, unpublished, cli):
        before = labelled(unpublished, "production")
        done = cli(*CONFIRMED)
        assert done.code == 0, done.err
        assert done.out.startswith("Destroy: acme/staging, 11 changes: 4 delete, 2 forget, 5 archive.\n")
        assert "Applied: acme/staging, 11 done.\n" in done.out
        assert labelled(unpublished, "staging") == 0
        assert labelled(unpublished, "production") == before
        assert cli("plan", "--env", "production", "--detailed-exitcode").code == 0

    def test_the_name_is_typed_in_a_terminal(self, unpublished, cli, monkeypatch):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        asked: list[str] = []
        for answer, code, left in (("yes", 1, 3), ("staging", 0, 0)):

            def prompt(text: str, answer: str = answer, **_: object) -> str:
                asked.append(text)
                return answer

            monkeypatch.setattr("click.prompt", prompt)
            assert cli(*DESTROY).code == code
            assert labelled(unpublished, "staging") == left
        assert "Type staging to confirm" in asked[0]

    def test_the_number_of_deletes_is_a_warning(self, unpublished, cli):
        plan = cli(*DESTROY, "--out", "plan.json", "-o", "json").document
        assert plan["refusals"] == []
        assert [one["code"] for one in plan["warnings"]] == ["threshold-by-name"]


class TestGuard:
    def test_a_published_chatbot_is_refused(self, acme, cli):
        done = cli(*CONFIRMED)
        assert done.code == 3
        assert "refused[published]: it is published by chatbot/support" in done.out
        assert done.out.endswith(
            "      remedy\n"
            "        1. reconciler publish support none --env staging\n"
            "        2. reconciler destroy --env staging\n"
            "\nNothing is applied until all refusals are resolved.\n"
        )
        assert labelled(acme, "staging") == 3
        assert "destruction" not in state_of(acme)

    def test_what_was_not_read_is_said_once(self, unpublished, cli):
        for words in ((), ("-o", "markdown")):
            done = cli(*DESTROY, "--out", "plan.json", *words)
            assert " ".join(done.out.split()).count("in use where no plan looks: in the code of applications") == 1
        assert "no plan looks" not in cli("plan", "--env", "production").out

    def test_a_chatbot_that_its_manifest_does_not_publish_is_removed(self, acme, cli):
        assert cli("publish", "support", "none", "--env", "staging").code == 0
        assert cli(*CONFIRMED).code == 0

    def test_a_protected_object_is_refused_before_and_after_its_protection_is_applied(self, unpublished, cli):
        edit(unpublished / "manifests.yaml", "metadata: {name: kb}", "metadata: {name: kb}\nlifecycle: {protect: true}")
        assert "refused[protected]" in cli(*CONFIRMED).out
        assert cli("apply", "--yes", "--env", "staging").code == 0
        edit(unpublished / "manifests.yaml", "\nlifecycle: {protect: true}", "")
        assert "refused[protected]" in cli(*CONFIRMED).out
        assert cli("apply", "--yes", "--env", "staging").code == 0
        assert cli(*CONFIRMED).code == 0

    def test_a_consent_permits_it(self, unpublished, cli):
        edit(unpublished / "manifests.yaml", "metadata: {name: kb}", "metadata: {name: kb}\nlifecycle: {protect: true}")
        (refusal,) = cli(*DESTROY, "--out", "plan.json", "-o", "json").document["refusals"]
        consent = refusal["consent"].replace('reason: ""', "reason: It is empty.")
        soon = (datetime.now(UTC) + timedelta(days=2)).date()
        (unpublished / "consent.yaml").write_text(consent.replace('expires: ""', f'expires: "{soon}"'))
        assert cli(*CONFIRMED).code == 0

    def test_an_upload_that_an_unmanaged_store_holds_stays(self, unpublished, cli):
        async def refer(sdk: AsyncOpenAI) -> set[str]:
            uploads = {one.id async for one in sdk.files.list()}
            await sdk.vector_stores.create(name="mine", file_ids=sorted(uploads))
            return uploads

        async def uploads(sdk: AsyncOpenAI) -> set[str]:
            return {one.id async for one in sdk.files.list()}

        held = by_hand(unpublished, refer)
        assert cli(*CONFIRMED).code == 0
        assert by_hand(unpublished, uploads) == held
        assert labelled(unpublished, "staging") == 0

    def test_an_object_with_keep_on_delete_stays_and_loses_its_labels(self, unpublished, cli):
        edit(
            unpublished / "manifests.yaml",
            "metadata: {name: triage}",
            "metadata: {name: triage}\nlifecycle: {keep_on_delete: true}",
        )
        assert cli(*CONFIRMED).code == 0

        async def agents(sdk: AsyncOpenAI) -> list[object]:
            return [one.to_dict().get("metadata") async for one in sdk.beta.agents.list()]

        found = by_hand(unpublished, agents)
        assert len(found) == 2
        assert {} in found or None in found


class TestSavedPlan:
    def test_a_saved_plan_is_shown_and_applied_once(self, unpublished, cli):
        assert cli(*CONFIRMED, "--out", "plan.json").code == 0
        assert labelled(unpublished, "staging") == 3
        assert cli("show", "plan.json").out.startswith("Destroy: acme/staging")
        assert cli("apply", "plan.json", "--yes").code == 0
        assert labelled(unpublished, "staging") == 0
        again = cli("apply", "plan.json", "--yes")
        assert (again.code, "this plan was applied before" in again.out) == (0, True)

    def test_a_plan_without_a_name_requires_it_when_it_is_applied(self, unpublished, cli):
        assert cli(*DESTROY, "--out", "plan.json").code == 0
        assert cli("apply", "plan.json").code == 64
        assert cli("apply", "plan.json", "--yes").code == 64
        assert cli("apply", "plan.json", "--confirm", "acme").code == 64
        assert labelled(unpublished, "staging") == 3
        assert cli("apply", "plan.json", "--confirm", "staging").code == 0

    def test_a_plan_is_stale_after_a_change(self, unpublished, cli):
        assert cli(*CONFIRMED, "--out", "plan.json").code == 0
        edit(unpublished / "manifests.yaml", "metadata: {name: triage}", "metadata: {name: sorter}")
        assert cli("apply", "--yes", "--env", "staging").code == 0
        done = cli("apply", "plan.json", "--yes", "-o", "json")
        assert (done.code, set(codes(done))) == (5, {"stale"})
        assert labelled(unpublished, "staging") == 3

    def test_a_plan_whose_mark_was_edited_is_rejected(self, unpublished, cli):
        assert cli(*DESTROY, "--out", "plan.json").code == 0
        for edited in ({"destroys": False}, {"confirmed": True}):
            document = json.loads((unpublished / "plan.json").read_text())
            (unpublished / "other.json").write_text(json.dumps(document | edited))
            assert "edited after it was created" in cli("apply", "other.json", "--yes").err

    def test_a_refused_plan_stays_refused(self, acme, cli):
        assert cli(*CONFIRMED, "--out", "plan.json").code == 3
        assert cli("apply", "plan.json", "--yes").code == 3

    def test_a_name_is_not_accepted_for_an_ordinary_plan(self, unpublished, cli):
        assert cli("plan", "--env", "staging", "--out", "plan.json").code == 0
        assert cli("apply", "plan.json", "--confirm", "staging", "--yes").code == 64


class TestPartial:
    """A destroy of which some deletes fail."""

    @pytest.fixture
    def partial(self, unpublished: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Path:
        assert cli(*CONFIRMED, "--out", "plan.json").code == 0
        with monkeypatch.context() as patch:
            patch.setenv("RECONCILER_FAULTS", "403:DELETE:/v1/vector_stores/*")
            assert cli("apply", "plan.json", "--yes").code == 4
        return unpublished

    def test_nothing_is_applied_until_it_is_complete(self, partial, cli):
        done = cli("apply", "--yes", "--env", "staging")
        assert (done.code, "acme/staging is being destroyed" in done.err) == (3, True)
        assert cli("drift", "--env", "staging").code == 3
        assert "is being destroyed" in cli("status", "--env", "staging").out
        assert cli("status", "--env", "staging", "-o", "json").document["destroyed"]["finished"] is None

    def test_the_same_plan_completes_it(self, partial, cli):
        assert labelled(partial, "staging") == 2
        done = cli("apply", "plan.json", "--yes")
        assert done.code == 0, done.err
        assert labelled(partial, "staging") == 0
        assert "was destroyed" in cli("status", "--env", "staging").out

    def test_a_new_destroy_completes_it(self, partial, cli):
        assert cli(*CONFIRMED).code == 0
        assert labelled(partial, "staging") == 0

    def test_it_can_be_undone(self, partial, cli):
        assert cli("destroy", "--undo", "--env", "staging").code == 0
        assert cli("apply", "--env", "staging", "--yes").code == 0
        assert labelled(partial, "staging") == 3


class TestDestroyed:
    def test_every_command_that_would_write_is_refused(self, destroyed, cli):
        assert cli("plan", "--env", "production").code == 0
        for words in (
            ("plan",),
            ("plan", "--offline"),
            ("apply", "--yes"),
            ("adopt", "--yes"),
            ("pull", "--all"),
            ("publish", "support", "1"),
            ("release", "support", "--publish", "--allow-unchanged"),
            ("state", "rebuild", "--yes"),
            ("state", "rm", "assistant/triage"),
            ("state", "mv", "assistant/triage", "assistant/other"),
        ):
            done = cli(*words, "--env", "staging")
            assert (done.code, "error[destroyed]: acme/staging was destroyed by" in done.err) == (3, True), words
            assert "reconciler destroy --undo --env staging" in done.err
        assert labelled(destroyed, "staging") == 0

    def test_status_and_drift_say_so(self, destroyed, cli):
        status = cli("status", "--env", "staging")
        assert (status.code, "acme/staging was destroyed by" in status.out) == (0, True)
        document = cli("status", "--env", "staging", "-o", "json").document
        assert document["objects"] == []
        assert document["destroyed"]["finished"]
        drift = cli("drift", "--env", "staging")
        assert (drift.code, drift.out.split(",")[0]) == (0, "Destroyed: acme/staging")
        assert [one["code"] for one in cli("drift", "--env", "staging", "-o", "json").document["warnings"]] == [
            "destroyed"
        ]
        assert "was destroyed" in cli("state", "list", "--env", "staging").out

    def test_again_there_is_nothing_to_destroy(self, destroyed, cli):
        before = state_of(destroyed)
        done = cli(*CONFIRMED)
        assert (done.code, "nothing to destroy" in done.err) == (0, True)
        assert state_of(destroyed) == before

    def test_undo_permits_an_apply_that_creates_everything_again(self, destroyed, cli):
        assert cli("destroy", "--undo", "--env", "staging").code == 0
        assert state_of(destroyed)["format"] == "reconciler/state/v1"
        assert cli("publish", "support", "1", "--env", "staging").code == 0
        assert cli("apply", "--yes", "--env", "staging").code == 0
        assert labelled(destroyed, "staging") == 3
        assert cli("plan", "--env", "staging", "--detailed-exitcode").code == 0
        assert "is not destroyed" in cli("destroy", "--undo", "--env", "staging").out

    def test_undo_names_the_command_that_publishes_again(self, destroyed, cli):
        done = cli("destroy", "--undo", "--env", "staging")
        again = "reconciler publish support 1 --env staging"
        assert f"chatbot/support publishes nothing: to publish its latest release again, run `{again}`" in done.err
        assert cli(*again.split()[1:]).code == 0

    def test_undo_needs_no_manifest_but_that_of_the_project(self, destroyed, cli):
        with (destroyed / "manifests.yaml").open("a") as file:
            file.write("---\nkind: Assistent\n")
        (destroyed / "outside.yaml").symlink_to("/etc/hostname")
        assert cli(*CONFIRMED).code == 1
        assert cli("destroy", "--undo", "--env", "staging").code == 0
        assert "destruction" not in state_of(destroyed)

    def test_an_environment_without_a_state_has_nothing_to_destroy(self, acme, cli):
        edit(
            acme / "project.yaml", "  environments:\n", "  environments:\n    test: {variables: {model: gpt-6-luna}}\n"
        )
        done = cli("destroy", "--env", "test", "--confirm", "test")
        assert (done.code, "nothing was applied to it" in done.err) == (0, True)


class TestRemovedEnvironment:
    @pytest.fixture
    def unpublished(self, unpublished: Path, cli: Cli) -> Path:
        """Return the project, which applied that staging publishes nothing: its state decides."""
        assert cli("apply", "--env", "staging", "--yes").code == 0
        return unpublished

    def test_every_plan_warns_while_its_state_has_objects(self, unpublished, cli):
        edit(unpublished / "project.yaml", STAGING, "")
        assert cli("apply", "--env", "production", "--yes").code == 0
        for words in (("plan",), ("plan", "--offline")):
            warnings = cli(*words, "--env", "production", "-o", "json").document["warnings"]
            left = [one["args"] for one in warnings if one["code"] == "environment-left"]
            assert left == [{"identity": "acme/staging", "environment": "staging"}], words
        assert cli(*CONFIRMED).code == 0
        assert "environment-left" not in cli("plan", "-o", "json").out
        assert labelled(unpublished, "staging") == 0

    def test_its_plan_is_saved_and_applied(self, unpublished, cli):
        edit(unpublished / "project.yaml", STAGING, "")
        assert cli(*CONFIRMED, "--out", "plan.json").code == 0
        assert cli("apply", "plan.json", "--yes").code == 0
        assert labelled(unpublished, "staging") == 0

    @pytest.mark.parametrize("published", ["published: 1", NOT_PUBLISHED, "published: {}", None])
    def test_a_chatbot_that_is_published_there_is_refused_until_an_apply_withdraws_it(self, acme, cli, published):
        edit(acme / "project.yaml", STAGING, "")
        if published is None:
            (acme / "support.yaml").unlink()
        else:
            edit(acme / "support.yaml", PUBLISHED, published)
        done = cli(*CONFIRMED)
        assert done.code == 3
        assert "refused[published]: it is published by chatbot/support" in done.out
        assert done.out.endswith(
            "      remedy\n"
            "        1. Put staging back into `spec.environments` of project.yaml\n"
            "        2. reconciler publish support none --env staging\n"
            "        3. reconciler apply --env staging\n"
            "        4. reconciler destroy --env staging\n"
            "\nNothing is applied until all refusals are resolved.\n"
        )
        assert labelled(acme, "staging") == 3
        (acme / "project.yaml").write_text(PROJECT)
        (acme / "support.yaml").write_text(CHATBOT)
        assert cli("publish", "support", "none", "--env", "staging").code == 0
        assert cli("apply", "--env", "staging", "--yes").code == 0
        edit(acme / "project.yaml", STAGING, "")
        assert cli(*CONFIRMED).code == 0
        assert labelled(acme, "staging") == 0

    @pytest.mark.parametrize("lifecycle", ["protect", "keep_on_delete"])
    def test_the_lifecycle_that_was_applied_counts(self, unpublished, cli, lifecycle):
        before = (unpublished / "manifests.yaml").read_text()
        named = "metadata: {name: triage}"
        edit(unpublished / "manifests.yaml", named, f"{named}\nlifecycle: {{{lifecycle}: true}}")
        assert cli("apply", "--env", "staging", "--yes").code == 0
        (unpublished / "manifests.yaml").write_text(before)
        edit(unpublished / "project.yaml", STAGING, "")
        plan = cli(*CONFIRMED, "-o", "json", "--out", "plan.json").document
        assert [one["rule"] for one in plan["refusals"]] == (["protected"] if lifecycle == "protect" else [])
        if lifecycle == "protect":
            assert "1. Put staging back into `spec.environments` of project.yaml\n" in cli(*CONFIRMED).out
            assert labelled(unpublished, "staging") == 3
        else:
            (one,) = [one for one in plan["changes"] if one["address"] == "assistant/triage"]
            assert one["action"] == "forget"

    def test_without_a_state_it_is_unknown(self, unpublished, cli):
        done = cli("destroy", "--env", "nowhere", "--confirm", "nowhere", "-o", "json")
        assert (done.code, codes(done)) == (1, ["unknown-environment"])

    def test_the_environment_that_is_left_is_not_selected_silently(self, unpublished, cli):
        edit(unpublished / "project.yaml", STAGING, "")
        for words in (("plan",), ("plan", "--offline"), ("apply", "--yes"), ("drift",), ("status",)):
            done = cli(*words)
            assert (done.code, "error[environment-required]: `production` is the only" in done.err) == (1, True), words
        assert "objects of `staging`" in done.err
        assert cli("plan", "--env", "production").code == 0
        assert cli(*CONFIRMED).code == 0
        assert cli("plan").code == 0

    @pytest.mark.parametrize("more", [(), ("--yes",)])
    def test_an_unknown_environment_is_reported_before_a_missing_confirmation(self, unpublished, cli, more):
        done = cli("destroy", "--env", "stagin", *more)
        assert (done.code, "error[unknown-environment]" in done.err) == (1, True)
        assert "Did you mean `staging`?" in done.err
        assert "error[environment-required]" in cli("destroy", *more).err

    def test_undo_and_apply_after_it_was_put_back(self, unpublished, cli):
        edit(unpublished / "project.yaml", STAGING, "")
        assert cli(*CONFIRMED).code == 0
        (unpublished / "project.yaml").write_text(PROJECT)
        assert cli("apply", "--env", "staging", "--yes").code == 3
        assert cli("destroy", "--undo", "--env", "staging").code == 0
        assert cli("apply", "--env", "staging", "--yes").code == 0


def test_a_published_pointer_without_its_draft_is_removed(unpublished, cli):
    """A run that was killed between the two pointers of a chatbot left only one of them."""
    draft, published = (
        unpublished / f".reconciler/bundles/acme/staging/chatbot/{name}.json" for name in ("support@working", "support")
    )
    assert published.exists()
    draft.unlink()
    assert cli(*CONFIRMED).code == 0
    assert not published.exists()
