"""Large removals in a terminal: each is refused by a threshold before anything changes."""

import shutil
from pathlib import Path

from tests.support.cli import Cli, Done, applied, cli, edit, project, starter

__all__ = ["applied", "cli", "project", "starter"]

ASSISTANT = """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {{name: {name}}}
spec: {{model: gpt-6-luna, instructions: Help.}}
"""
PLAN = ("plan", "-o", "json")


def add_assistants(project: Path, cli: Cli, number: int) -> None:
    """Apply assistants that get their target from `defaults`."""
    edit(project / "assistants/helper.yaml", "spec:\n", "spec:\n  target: responses\n")
    edit(project / "project.yaml", "target: responses", "target: agents")
    for index in range(number):
        (project / f"assistants/more-{index}.yaml").write_text(ASSISTANT.format(name=f"more-{index}"))
    assert cli("apply", "--yes").code == 0


def remedies(plan: Done) -> list[str]:
    """Return the remedies of the refusals of a threshold."""
    found = [one for one in plan.document["refusals"] if one["rule"] == "threshold"]
    assert plan.out, plan.err
    return [remedy["code"] for one in found for remedy in one["remedies"]]


def test_switch_of_the_default_target_is_refused_until_the_limit_is_raised(applied, cli):
    add_assistants(applied, cli, 11)
    edit(applied / "project.yaml", "target: agents", "target: responses")
    plan = cli("plan")
    assert "refused[threshold]: 11 replacements at once" in plan.out
    assert "spec.safety.max_deletes: 11" in plan.out
    assert cli("apply", "--yes").code != 0
    edit(applied / "project.yaml", "spec:\n", "spec:\n  safety: {max_deletes: 11}\n")
    assert remedies(cli(*PLAN)) == ["apply-settings"]
    assert cli("apply", "--yes").code != 0
    assert cli("apply", "--yes", "--target", "project/acme").code == 0
    assert cli("apply", "--yes").code == 0


def test_removal_of_all_manifests_is_refused(applied, cli):
    add_assistants(applied, cli, 6)
    for folder in ("assistants", "chatbots", "stores"):
        shutil.rmtree(applied / folder)
    assert "raise-deletes" in remedies(cli(*PLAN))
    assert cli("apply", "--yes").code != 0


def test_removal_of_all_releases_is_refused_by_the_limit_of_archives(applied, cli):
    for text in ("One", "Two", "Three"):
        edit(applied / "prompts/helper.md", (applied / "prompts/helper.md").read_text(), f"{text}.\n")
        assert cli("release", "helper", "--vendor").code == 0
        assert cli("apply", "--yes").code == 0
    edit(applied / "project.yaml", "spec:\n", "spec:\n  safety: {max_archives: 2}\n")
    shutil.rmtree(applied / "releases")
    assert remedies(cli(*PLAN)) == ["raise-archives"]
    assert cli("apply", "--yes").code != 0
