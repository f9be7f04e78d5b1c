"""Runs of version 893cbbb that were killed: today's version finds what they made, and finishes."""

import pytest

from tests.upgrade.conftest import Cli, Restore, is_empty, live, live_of

KILLS = ("killed-create", "killed-rewritten", "killed-upload", "killed-replace")


@pytest.mark.parametrize("kill", KILLS)
def test_apply_completes_a_killed_run_with_no_duplicate_and_no_orphan(cli: Cli, restore: Restore, tmp_path, kill):
    """All of it is what the same edits came to where nobody was killed."""
    whole = live_of("globex/planned", tmp_path / "whole")
    root = restore(f"globex/{kill}")
    assert live(root) != whole
    applied = cli("apply", "--yes", "-o", "json")
    assert applied.code == 0, applied.out + applied.err
    assert live(root) == whole
    plan = cli("plan", "--detailed-exitcode", "-o", "json")
    assert plan.code == 0
    assert is_empty(plan.document)


@pytest.mark.parametrize("kill", KILLS)
def test_what_a_killed_run_made_is_not_made_again(cli: Cli, restore: Restore, kill):
    root = restore(f"globex/{kill}")
    before = live(root)
    plan = cli("plan", "-o", "json").document
    assert plan["refusals"] == []
    made = {name.rpartition(" ")[2] for name in before if name.startswith(("agent", "store"))}
    assert not made & {change["address"] for change in plan["changes"] if change["action"] == "create"}


def test_a_killed_run_is_in_the_history(cli: Cli, restore: Restore):
    restore("globex/killed-create")
    assert cli("state", "history", "-o", "json").document["applies"][0]["outcome"] == "unfinished"
