"""Plan files of version 893cbbb (`reconciler/plan/v1`): shown, applied, recognised, resumed, refused."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from tests.upgrade.conftest import DATA, STATE, Cli, Restore, by_hand, contents, live, live_of, load_api, pins, read

ACME = DATA / "acme" / "cases"
GLOBEX = DATA / "globex"
PLANS = sorted(file.relative_to(DATA).as_posix() for file in [*ACME.glob("*/*.json"), *GLOBEX.glob("*/plan.json")])
PLANS.remove("acme/cases/drift/drift.json")
RUN = "https://github.example/acme/bots/actions/runs/4711"
LABELS = {"reconciler-address": "assistant/triage", "reconciler-project": "acme/production"}.items()
CASES = {
    "fresh": ("plan.json", (), 0),
    "refused": ("plan.json", (), 3),
    "drift": ("plan.json", (), 0),
    "drift, kept": ("plan-keep.json", ("--on-drift", "keep"), 0),
    "consent": ("plan.json", (), 0),
    "subjects": ("plan.json", ("--on-drift", "keep"), 3),
}


def prolong(root: Path) -> None:
    """Let the consents of `root` last for another month: their last day is not part of what they permit."""
    file = root / "consents.yaml"
    last = datetime.now(UTC).date() + timedelta(days=30)
    file.write_text(re.sub(r'expires: "[\d-]+"', f'expires: "{last}"', file.read_text()))


@pytest.mark.parametrize("name", CASES)
def test_the_same_edits_give_the_same_digests(cli: Cli, restore: Restore, name):
    case = name.partition(",")[0]
    file, words, code = CASES[name]
    root = restore("acme", case)
    if case == "consent":
        prolong(root)
    plan = cli("plan", "--env", "production", "-o", "json", *words)
    assert plan.code == code, plan.out
    work = [*plan.document["changes"], *plan.document["drift"]]
    assert {
        "digest": plan.document["digest"],
        "changes": {f"{change['action']} {change['address']}": change["digest"] for change in work},
    } == pins()["plans"][f"acme/cases/{case}/{file}"]


def test_the_plan_of_a_project_without_environments_has_the_same_digest(cli: Cli, restore: Restore):
    root = restore("globex/applied")
    for path, data in contents(DATA / "globex" / "planned" / "project").items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    (root / "assistants" / "goes.yaml").unlink()
    plan = cli("plan", "-o", "json").document
    assert plan["digest"] == pins()["plans"]["globex/planned/plan.json"]["digest"]
    assert plan["digest"] == pins()["plans"]["globex/partial/plan.json"]["digest"]


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_show_renders_every_change(cli: Cli, monkeypatch, tmp_path, name, form):
    monkeypatch.chdir(tmp_path)
    shown = cli("show", DATA / name, "-o", form)
    assert shown.code == 0, shown.err
    for address in {change["address"] for change in read(DATA / name)["changes"]}:
        assert address in shown.out
    for refusal in read(DATA / name)["refusals"]:
        assert refusal["subject"] in shown.out or not refusal["consent"]


@pytest.mark.parametrize("name", PLANS)
def test_show_as_json_keeps_digests_and_actions(cli: Cli, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    shown, saved = cli("show", DATA / name, "-o", "json").document, read(DATA / name)
    assert shown["digest"] == saved["digest"]
    for section in ("changes", "drift"):
        kept = [(change["digest"], change["action"], change["address"]) for change in saved[section]]
        assert [(change["digest"], change["action"], change["address"]) for change in shown[section]] == kept
    assert [refusal["subject"] for refusal in shown["refusals"]] == [one["subject"] for one in saved["refusals"]]


def test_a_fresh_plan_applies_once(cli: Cli, restore: Restore):
    """Every action that there is: nothing has moved since it was planned."""
    root = restore("acme", "fresh")
    plan = ACME / "fresh" / "plan.json"
    applied = cli("apply", "--yes", plan, "-o", "json")
    assert applied.code == 0, applied.out + applied.err
    assert applied.document["summary"] == {"done": 27, "failed": 0, "skipped": 0, "not-started": 0}
    assert applied.document["plan_digest"] == read(plan)["digest"]
    assert cli("plan", "--env", "production", "--detailed-exitcode").code == 0
    assert cli("plan", "--env", "staging").code == 0
    before = live(root)
    again = cli("apply", "--yes", plan, "-o", "json")
    assert (again.code, again.document["outcomes"]) == (0, [])
    assert again.document["already_applied"]
    assert live(root) == before


def test_an_applied_plan_is_recognised_and_names_the_earlier_run(cli: Cli, restore: Restore):
    root = restore("globex/planned")
    before = live(root), contents(root / STATE)
    again = cli("apply", "--yes", GLOBEX / "planned" / "plan.json", "-o", "json")
    assert (again.code, again.document["outcomes"]) == (0, [])
    earlier = again.document["already_applied"]
    assert (earlier["by"], earlier["run_url"]) == ("grace@workstation", RUN)
    assert RUN in cli("apply", "--yes", GLOBEX / "planned" / "plan.json").out
    assert (live(root), contents(root / STATE)) == before


def test_a_partly_applied_plan_resumes(cli: Cli, restore: Restore, tmp_path):
    root = restore("globex/partial")
    assert live(root) != live_of("globex/planned", tmp_path / "planned")
    resumed = cli("apply", "--yes", GLOBEX / "partial" / "plan.json", "-o", "json")
    assert resumed.code == 0, resumed.out + resumed.err
    done = [(one["status"], one["action"], one["address"]) for one in resumed.document["outcomes"]]
    assert done == [("done", "create", "assistant/new-b")]
    assert live(root) == live_of("globex/planned", tmp_path / "planned")
    assert cli("plan", "--detailed-exitcode").code == 0
    assert cli("apply", "--yes", GLOBEX / "partial" / "plan.json", "-o", "json").document["already_applied"]


def test_a_refused_plan_stays_refused(cli: Cli, restore: Restore):
    root = restore("acme", "refused")
    before = live(root), contents(root / STATE)
    refused = cli("apply", "--yes", ACME / "refused" / "plan.json")
    assert refused.code == 3
    assert "assistant/triage" in refused.out
    assert "assistant/warden" in refused.out
    assert (live(root), contents(root / STATE)) == before


@pytest.mark.parametrize("case", ["refused", "subjects"])
def test_refusals_have_the_subjects_that_consents_name(cli: Cli, restore: Restore, case):
    restore("acme", case)
    plan = cli("plan", "--env", "production", "--on-drift", "keep", "-o", "json")
    assert plan.code == 3
    subjects = {f"{one['rule']} {one['address']}": one["subject"] for one in plan.document["refusals"]}
    assert subjects == pins()["consents"][f"{case}/plan.json"]


def test_a_consent_permits_what_it_did(cli: Cli, restore: Restore):
    root = restore("acme", "consent")
    prolong(root)
    warden = "agent acme/production assistant/warden"
    assert live(root)[warden] == 1
    applied = cli("apply", "--yes", ACME / "consent" / "plan.json", "-o", "json")
    assert applied.code == 0, applied.out + applied.err
    assert live(root)[warden] == 0


def test_a_plan_that_reverts_drift_reverts_it(cli: Cli, restore: Restore):
    root = restore("acme", "drift")
    assert cli("drift", "--env", "production").code == 2
    applied = cli("apply", "--yes", ACME / "drift" / "plan.json")
    assert applied.code == 0, applied.out + applied.err
    assert instructions(root) == "Find out what it is all about.\n\nNever promise a date."
    assert cli("drift", "--env", "production").code == 0
    assert cli("plan", "--env", "production", "--detailed-exitcode").code == 0


def test_a_plan_that_keeps_drift_keeps_it(cli: Cli, restore: Restore):
    root = restore("acme", "drift")
    applied = cli("apply", "--yes", ACME / "drift" / "plan-keep.json", "-o", "json")
    assert applied.code == 0, applied.out + applied.err
    assert instructions(root) == "By hand."
    assert cli("drift", "--env", "production").code == 2


def test_drift_is_found_where_it_was(cli: Cli, restore: Restore):
    restore("acme", "drift")
    report = cli("drift", "--env", "production")
    assert report.code == 2
    for place in ("assistant/triage", "vectorstore/handbook", "kb/tariffs/night.md", "By hand.", "Renamed"):
        assert place in report.out


def test_a_plan_whose_objects_were_changed_meanwhile_is_stale(cli: Cli, restore: Restore):
    """Somebody changed the instructions of an agent that the plan writes."""
    root = restore("acme", "fresh")
    load_api(ACME / "drift" / "api.sql", root)
    before = live(root)
    stale = cli("apply", "--yes", ACME / "fresh" / "plan.json")
    assert stale.code == 5
    assert "assistant/triage" in stale.err
    assert live(root) == before


def test_a_plan_that_was_edited_is_found_out(cli: Cli, restore: Restore, tmp_path):
    restore("acme", "fresh")
    text = (ACME / "fresh" / "plan.json").read_text()
    (tmp_path / "plan.json").write_text(text.replace("what it is about", "what it is for"))
    edited = cli("apply", "--yes", tmp_path / "plan.json")
    assert edited.code == 1
    assert "edited" in edited.error


def instructions(root: Path) -> str | None:
    """Those of triage in production."""

    async def look(sdk: AsyncOpenAI) -> list[str | None]:
        return [one.instructions async for one in sdk.beta.agents.list() if (one.metadata or {}).items() >= LABELS]

    (found,) = by_hand(root, look)
    return found
