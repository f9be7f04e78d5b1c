"""A project that version 893cbbb has applied: today's version finds nothing to do, and all that it knew."""

import json
import shutil

import pytest
from openai import AsyncOpenAI

from reconciler.bundles import load
from tests.upgrade.conftest import DATA, STATE, Cli, Restore, by_hand, contents, is_empty, labels, live, pins, read

ENVIRONMENTS = ("staging", "production")
PROJECTS = [
    *[pytest.param("acme", ("--env", name), id=f"acme-{name}") for name in ENVIRONMENTS],
    pytest.param("globex/applied", (), id="globex"),
    pytest.param("initech", (), id="initech-merged-journal"),
]


@pytest.mark.parametrize(("name", "words"), PROJECTS)
def test_plan_of_an_applied_project_is_empty(cli: Cli, restore: Restore, name, words):
    restore(name)
    plan = cli("plan", "--detailed-exitcode", "-o", "json", *words)
    assert plan.code == 0, plan.out
    assert is_empty(plan.document)
    assert cli("drift", *words).code == 0


@pytest.mark.parametrize(("name", "words"), PROJECTS)
def test_apply_of_an_applied_project_writes_nothing(cli: Cli, restore: Restore, name, words):
    root = restore(name)
    before = contents(root / STATE), contents(root / "published"), live(root)
    applied = cli("apply", "--yes", "-o", "json", *words)
    assert (applied.code, applied.document["outcomes"]) == (0, [])
    assert (contents(root / STATE), contents(root / "published"), live(root)) == before


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_state_lists_every_address_with_its_id(cli: Cli, restore: Restore, env):
    restore("acme")
    objects = read(DATA / "acme" / f"pulled-{env}.json")["objects"]
    listed = cli("state", "list", "--env", env, "-o", "json").document["objects"]
    assert {one["address"]: one["id"] for one in listed} == {name: one["id"] for name, one in objects.items()}


def test_history_names_the_runs_and_their_pages(cli: Cli, restore: Restore):
    restore("globex/applied")
    runs = cli("state", "history", "-o", "json").document["applies"]
    assert {run["by"] for run in runs} == {"ada@workstation", "grace@workstation"}
    assert "https://github.example/acme/bots/actions/runs/4711" in {run["run_url"] for run in runs}
    assert cli("status", "-o", "json").code == 0


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_a_pulled_state_replaces_a_lost_one(cli: Cli, restore: Restore, env):
    root = restore("acme")
    shutil.rmtree(root / STATE / "acme" / env)
    pushed = cli("state", "push", DATA / "acme" / f"pulled-{env}.json", "--env", env)
    assert pushed.code == 0, pushed.err
    assert cli("plan", "--detailed-exitcode", "--env", env).code == 0


@pytest.mark.parametrize(("name", "words"), PROJECTS)
def test_a_lost_state_is_rebuilt_from_labels_and_bundles(cli: Cli, restore: Restore, name, words):
    root = restore(name)
    before = live(root)
    shutil.rmtree(root / STATE)
    rebuilt = cli("state", "rebuild", *words)
    assert rebuilt.code == 0, rebuilt.err
    plan = cli("plan", "--on-drift", "keep", "-o", "json", *words)
    assert (plan.code, plan.document["refusals"]) == (0, [])
    assert cli("apply", "--yes", *words).code == 0
    assert live(root) == before


@pytest.mark.parametrize(("name", "words"), PROJECTS)
def test_without_its_state_nothing_is_planned_for_what_is_live(cli: Cli, restore: Restore, name, words):
    root = restore(name)
    before = live(root)
    shutil.rmtree(root / STATE)
    plan = cli("plan", "-o", "json", *words)
    assert plan.code == 3
    assert {refusal["rule"] for refusal in plan.document["refusals"]} == {"foreign-owner"}
    assert cli("apply", "--yes", *words).code == 3
    assert live(root) == before


def test_the_lineage_is_added_with_the_next_write_of_each_object(cli: Cli, restore: Restore):
    root = restore("globex/applied")
    clerk = root / "assistants" / "clerk.yaml"
    clerk.write_text(clerk.read_text().replace("File it.", "File it well."))
    plan = cli("plan", "-o", "json").document
    written = {change["address"] for change in plan["changes"] if change.get("id")}
    assert cli("apply", "--yes").code == 0
    lineage = cli("state", "pull").document["lineage"]
    found = {
        name.partition(" ")[2]: pairs["reconciler-protected"].partition(" ")[2] for name, pairs in labels(root).items()
    }
    assert found["assistant/clerk"] == lineage
    assert {address for address, one in found.items() if one} <= written
    assert "" in found.values()
    assert cli("plan", "--detailed-exitcode").code == 0
    shutil.rmtree(root / STATE)
    assert cli("plan").code == 3
    rebuilt = cli("state", "rebuild", "--lineage", lineage)
    assert rebuilt.code == 0, rebuilt.err
    assert cli("plan").code == 0, "objects with the lineage and those without one"


def test_a_state_that_was_migrated_says_where_it_is(cli: Cli, restore: Restore):
    root = restore("globex/applied")
    shutil.rmtree(root / STATE)
    shutil.copytree(DATA / "globex" / "migrated" / "state", root / STATE)
    plan = cli("plan")
    assert plan.code == 1
    assert "origin/reconciler-state" in plan.error


def test_a_rebuilt_state_does_not_say_who_changed_what_it_could_not_prove(cli: Cli, restore: Restore):
    """Somebody had detached a file when the state was lost and rebuilt."""
    restore("globex/rebuilt")
    plan = cli("plan", "--on-drift", "keep", "-o", "json").document
    assert (plan["changes"], plan["refusals"]) == ([], [])
    (store,) = plan["drift"]
    assert (store["address"], store["decision"]) == ("vectorstore/kb", "keep")
    assert [field["origin"] for field in store["fields"]] == ["unknown"]
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_protection_is_remembered_where_the_label_was_lost(cli: Cli, restore: Restore):
    root = restore("acme")

    async def unprotect(sdk: AsyncOpenAI) -> None:
        async for agent in sdk.beta.agents.list():
            if (agent.metadata or {}).get("reconciler-address") == "assistant/warden":
                await sdk.beta.agents.update(agent.id, metadata={**agent.metadata, "reconciler-protected": "false"})

    by_hand(root, unprotect)
    (root / "assistants" / "warden.yaml").unlink()
    for env in ENVIRONMENTS:
        plan = cli("plan", "--env", env, "-o", "json")
        assert plan.code == 3
        assert [(one["rule"], one["address"]) for one in plan.document["refusals"]] == [
            ("protected", "assistant/warden")
        ]


def test_a_description_that_changed_is_known_from_its_hash(cli: Cli, restore: Restore):
    """The API does not return it, so the state has it."""
    root = restore("acme")
    assert "description" not in json.dumps(cli("plan", "--env", "production", "-o", "json").document["warnings"])
    store = root / "stores" / "handbook.yaml"
    store.write_text(store.read_text().replace("What is known.", "What is known now."))
    assert "description" in json.dumps(cli("plan", "--env", "production", "-o", "json").document["warnings"])


def test_an_archived_release_is_not_made_again(cli: Cli, restore: Restore):
    """Somebody restored its manifest, from before it was archived."""
    root = restore("acme")
    shutil.copy(DATA / "acme" / "support-v1.yaml", root / "releases" / "support" / "v1.yaml")
    for env in ENVIRONMENTS:
        plan = cli("plan", "--env", env, "-o", "json").document
        assert is_empty(plan)
        assert "support@1" in json.dumps(plan["warnings"])


@pytest.mark.parametrize("identity", ["acme/staging", "acme/production", "globex"])
def test_applications_load_the_bundles(restore: Restore, identity):
    project = identity.partition("/")[0]
    root = restore("acme" if project == "acme" else "globex/applied")
    pinned = {key.removesuffix(".json"): digest for key, digest in pins()["bundles"][project].items()}
    below = f"{identity}/"
    names = [key.removeprefix(below) for key in pinned if key.startswith(below)]
    assert names
    for name in names:
        bundle = load(root / "published", identity, name)
        assert bundle.pointer.blob == pinned[below + name]


def test_published_releases_are_what_applications_get(restore: Restore):
    root = restore("acme")
    for env, hotline in (("staging", True), ("production", False)):
        support = load(root / "published", f"acme/{env}", "chatbot/support")
        assert support.release == 2
        assert (root / "published" / "acme" / env / "chatbot" / "hotline.json").exists() == hotline
