"""`pull`."""

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
    assert f"> adopt  {STORE}" in cli("plan").out
    assert cli("apply", "--yes").code == 0
    assert cli("plan", "--detailed-exitcode").code == 0


def test_nothing_to_pull(applied, cli: Cli):
    done = cli("pull", STORE)
    assert (done.code, done.out) == (0, "Nothing to pull.\n")
    assert "vectorstore/handbook: no drift" in done.err


def test_pull_requires_addresses_or_all(applied, cli: Cli):
    assert cli("pull").code == 64
    assert cli("pull", STORE, "--all").code == 64
    assert cli("pull", "vectorstore/nowhere").code == 1
