"""`pull`."""

import shutil

from tests.support.cli import Cli, rename_store

STORE = "vectorstore/handbook"


def test_drift_is_copied_into_the_manifests(applied, cli: Cli):
    rename_store(applied, "by hand")
    before = {path: path.read_bytes() for path in applied.rglob("*.yaml")}
    done = cli("pull", STORE, "--dry-run")
    assert done.code == 0
    assert "+  name: by hand" in done.out.splitlines()
    assert {path: path.read_bytes() for path in applied.rglob("*.yaml")} == before
    done = cli("pull", "--all", "-o", "json")
    assert done.code == 0
    assert done.document["accepted"] == [{"address": STORE, "path": "name"}]
    assert (applied / "stores/handbook.yaml").read_text().startswith("# yaml-language-server: $schema=../.schemas/")
    planned = cli("plan", "--detailed-exitcode")
    assert planned.code == 0
    assert f"> record  {STORE}" in planned.out
    assert planned.out.startswith("No changes of content. acme matches")
    assert "apply only records 1 object that is live already." in " ".join(planned.out.split())
    assert "1 write to OpenAI: 1 POST, which only updates a label." in planned.out.splitlines()
    assert "pending" not in cli("drift").out
    assert {one["in_sync"] for one in cli("status", "-o", "json").document["objects"]} == {True}
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_an_edit_is_replaced_with_force_only(applied, cli: Cli):
    rename_store(applied, "by hand")
    manifest = applied / "stores/handbook.yaml"
    text = manifest.read_text() + "  name: mine\n"
    manifest.write_text(text)
    done = cli("pull", "--all", "-o", "json")
    assert done.code == 1
    (conflict,) = done.document["conflicts"]
    assert (conflict["address"], conflict["path"]) == (STORE, "name")
    assert (conflict["manifest"], conflict["live"]) == ("mine", "by hand")
    assert conflict["place"]["file"] == "stores/handbook.yaml"
    assert done.document["summary"]["error"] == 1
    assert manifest.read_text() == text
    shown = cli("pull", STORE)
    assert (shown.code, '  ~ name: "mine" -> "by hand" (changed in the manifest and live)' in shown.out) == (1, True)
    drifted = cli("drift")
    (keep,) = [line for line in drifted.out.splitlines() if line.startswith("Keep it with: ")]
    assert keep.endswith(" --all --force")
    assert f"`--force` replaces what was also edited in the manifest of {STORE}" in " ".join(drifted.out.split())
    assert "--force" in cli("drift", "-o", "markdown").out
    assert "Needs a decision" in cli("drift", "-o", "html").out
    done = cli(*keep.split()[4:])
    assert (done.code, done.out.splitlines()[-1]) == (0, "Next: reconciler plan")
    assert manifest.read_text().endswith("  name: by hand\n")


def test_nothing_to_pull(applied, cli: Cli):
    done = cli("pull", STORE)
    assert (done.code, done.out) == (0, "Nothing to pull.\n")
    assert "vectorstore/handbook: no drift" in done.err


def test_pull_requires_addresses_or_all(applied, cli: Cli):
    assert cli("pull").code == 64
    assert cli("pull", STORE, "--all").code == 64
    assert cli("pull", "vectorstore/nowhere").code == 1


def test_with_a_lost_state_nothing_can_be_compared(applied, cli: Cli):
    rename_store(applied, "by hand")
    shutil.rmtree(applied / ".reconciler" / "state")
    before = {path: path.read_bytes() for path in applied.rglob("*.yaml")}
    done = cli("pull", "--all")
    assert (done.code, done.out, "error[foreign-owner]" in done.err) == (3, "", True)
    assert "reconciler state rebuild" in done.err
    assert cli("pull", STORE, "-o", "json").code == 3
    assert {path: path.read_bytes() for path in applied.rglob("*.yaml")} == before
