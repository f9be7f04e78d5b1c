"""Commands that print a table or a plan, in terminals of 80 and 120 columns, with and without colour.

The snapshots are in `terminal/`, one file for each command and width. Run this test with `WRITE_EXPECTED=1` to write
them again.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli.main import run
from tests.support.cli import by_hand, edit
from tests.support.snapshots import HOME, Scrubber, Snapshots, too_wide

HERE = Path(__file__).parent / "terminal"
WIDTHS = (80, 120)
PROJECT = {
    "project.yaml": """\
apiVersion: reconciler/v1
kind: Project
metadata: {name: brightwater}
spec:
  defaults: {target: responses}
  variables: {tone: friendly}
  environments:
    staging: {}
    production: {variables: {tone: formal}}
""",
    "kb/outages.md": "# Outages\n\nCall the desk.\n",
    "kb/tariffs/2026-household-customers.md": "# Tariffs\n\nTariff of 2026.\n",
    "prompts/triage.md": "Sort the requests of customers.\n\nBe ${var.tone}.\n",
    "stores/handbook.yaml": """\
apiVersion: reconciler/v1
kind: VectorStore
metadata: {name: handbook, labels: {team: support}}
lifecycle: {protect: true}
spec: {files: [kb/**/*.md]}
""",
    "assistants/triage.yaml": """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: triage}
spec:
  model: gpt-6-luna
  instructions: {$file: prompts/triage.md}
  tools: [{type: file_search, vector_store_ids: [handbook]}]
""",
    "assistants/outages.yaml": """\
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: night-outage-reporter-of-the-northern-network}
spec: {target: agents, model: gpt-6-luna, instructions: Report the outages of the night.}
""",
    "automations/nightly.yaml": """\
apiVersion: reconciler/v1
kind: Automation
metadata: {name: nightly-outage-report}
spec:
  expression: 30 5 * * *
  timezone: UTC
  paused: true
  target:
    agent: night-outage-reporter-of-the-northern-network
    environment: {type: none}
    input: List the outages of the night.
""",
    "chatbots/support.yaml": """\
apiVersion: reconciler/v1
kind: Chatbot
metadata: {name: support}
spec: {assistant: triage}
""",
}
ENVIRON = {
    "GIT_AUTHOR_DATE": "2026-11-21T13:30:00+0000",
    "GIT_COMMITTER_DATE": "2026-11-21T13:30:00+0000",
    "RECONCILER_ENDPOINT": "embedded",
    "RECONCILER_ENV": "production",
    "TERM": "xterm",
    "USER": "ada",
}


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def command(*words: str) -> None:
    assert run(list(words)) in (0, 2), words


def git(root: Path, *words: str) -> None:
    given = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", str(root), *given, *words], check=True, capture_output=True)


def change_live(root: Path) -> None:
    """Change objects without Reconciler: a name, an instruction, and a vector store that no project manages."""

    async def change(sdk):
        (agent,) = [one async for one in sdk.beta.agents.list()]
        await sdk.beta.agents.update(agent.id, instructions="Report the outages of the night, and who works on them.")
        store = await sdk.vector_stores.create(name="trial of the support team, do not use in production, ask Grace")
        await sdk.files.create(file=("rates.csv", b"a,b\n"), purpose="assistants")
        return store

    by_hand(root, change)


@pytest.fixture(scope="module")
def estates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Return projects by stage: `new`, `applied` with a published release, `released` with a second one, and `changed`
    in the manifests and live.
    """
    folder = tmp_path_factory.mktemp("estates")
    stages = ("new", "applied", "changed", "released", "broken", "unformatted")
    roots = {name: folder / name / "brightwater" for name in stages}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRON.items():
            patch.setenv(name, value)
        patch.delenv("CI", raising=False)
        patch.setattr("socket.gethostname", lambda: "laptop")
        write(roots["new"], PROJECT)
        git(roots["new"], "init", "--quiet")
        git(roots["new"], "add", "--all")
        git(roots["new"], "commit", "--quiet", "-m", "Start")
        shutil.copytree(roots["new"], roots["applied"])
        there = roots["applied"]
        command("release", "support", "--publish", "-m", "The first", "-C", str(there))
        command("apply", "--yes", "-C", str(there))
        shutil.copytree(there, roots["changed"])
        there = roots["changed"]
        edit(there / "prompts" / "triage.md", "Sort the requests", "Sort and answer the requests")
        (there / "stores" / "handbook.yaml").unlink()
        (there / "kb" / "tariffs" / "2026-household-customers.md").write_text("# Tariffs\n\nTariff of 2027.\n")
        edit(there / "assistants" / "triage.yaml", "\n  tools: [{type: file_search, vector_store_ids: [handbook]}]", "")
        change_live(there)
        there = shutil.copytree(roots["applied"], roots["released"])
        edit(there / "prompts" / "triage.md", "Sort the requests", "Sort and answer the requests")
        edit(there / "assistants" / "triage.yaml", "gpt-6-luna", "gpt-6-astra")
        (there / "kb" / "strikes.md").write_text("# Strikes\n\nCall the desk.\n")
        git(there, "add", "--all")
        command("release", "support", "--publish", "-C", str(there))
        command("apply", "--yes", "-C", str(there))
        shutil.copytree(roots["new"], roots["broken"])
        there = roots["broken"]
        edit(there / "assistants" / "triage.yaml", "[handbook]", "[handbok]")
        edit(there / "assistants" / "outages.yaml", "gpt-6-luna", "7")
        edit(there / "project.yaml", "variables: {tone: friendly}", "variables: {}")
        there = shutil.copytree(roots["new"], roots["unformatted"])
        edit(
            there / "automations" / "nightly.yaml",
            "spec:\n  expression: 30 5 * * *",
            "spec:\n  expression:   '30 5 * * *'",
        )
        yield roots


@pytest.fixture
def snapshots(estates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Snapshots:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("socket.gethostname", lambda: "laptop")
    return Snapshots(HERE, Scrubber({str(root): f"{HOME}/brightwater" for root in estates.values()}))


COMMANDS = {
    "plan-of-a-new-project": ("new", "plan"),
    "state-list-of-a-new-project": ("new", "state list"),
    "plan-without-changes": ("applied", "plan"),
    "status": ("applied", "status"),
    "status-of-an-assistant": ("changed", "status assistant/triage"),
    "status-of-changes": ("changed", "status"),
    "inventory": ("applied", "inventory --by label.team"),
    "inventory-of-changes": ("changed", "inventory --unused"),
    "state-list": ("applied", "state list"),
    "state-history": ("applied", "state history"),
    "adopt": ("changed", "adopt --dry-run"),
    "plan-refused": ("changed", "plan"),
    "drift": ("changed", "drift"),
    "drift-without-drift": ("applied", "drift"),
    "plan-targeted": ("changed", "plan --target assistant/triage --on-drift keep"),
    "plan-offline": ("applied", "plan --offline"),
    "plan-without-an-environment": ("applied", "plan"),
    "rollback-dry-run": ("released", "rollback support --dry-run"),
    "diff": ("changed", "diff support@1 support"),
    "validate": ("new", "validate"),
    "validate-errors": ("broken", "validate"),
    "graph": ("applied", "graph assistant/triage"),
    "explain": ("new", "explain"),
    "explain-field": ("new", "explain assistant.spec.tools.mcp"),
    "explain-code": ("new", "explain referenced"),
}
"""The stage of the project, and the command."""
WRITING = {
    "apply": ("new", "apply --yes"),
    "apply-without-changes": ("applied", "apply --yes"),
    "pull": ("changed", "pull assistant/night-outage-reporter-of-the-northern-network"),
    "import": ("changed", "import --exclude night-*"),
    "release": ("new", "release support --publish -m First"),
    "publish": ("applied", "publish support none"),
    "archive": ("applied", "archive chatbot/support"),
    "archive-refused": ("applied", "archive assistant/triage"),
    "apply-refused": ("changed", "apply --yes"),
    "apply-of-a-part": ("changed", "apply --yes --target assistant/triage"),
    "promote": ("applied", "promote support --from production --to staging"),
    "publish-an-earlier-release": ("released", "publish support 1"),
    "rollback": ("released", "rollback support --yes"),
    "destroy": ("applied", "destroy --env production --out destroy.json"),
    "fmt-diff": ("unformatted", "fmt --diff"),
    "state-rm": ("applied", "state rm vectorstore/handbook"),
}
"""Commands that run on a copy of the project. Progress is not shown."""
OTHERS = (
    ("new", "init"),
    ("new", "init --ci github"),
    ("new", "init --ci gitlab"),
    ("new", "doctor"),
    ("new", "help"),
    ("new", "help import"),
    ("new", "version"),
    ("new", "consent vectorstore/handbook delete --reason Because --expires 2026-12-20"),
    ("new", "plan --env nowhere"),
    ("new", "plan --auto-approve"),
    ("new", "plan --taget vectorstore/nothing"),
    ("new", "plan --target triag"),
    ("new", "apply nothing.json"),
    ("new", "apply --lock-timeout soon"),
    ("new", "get"),
    ("new", "workspace list"),
    ("new", "validate assistants"),
    ("new", "explain nothing"),
    ("new", "explain drift"),
    ("new", "explain guardrail-removed"),
    ("new", "migrate ."),
    ("new", "migrate threads project.yaml"),
    ("new", "graph -o svg --out graph.md"),
    ("applied", "export support"),
    ("applied", "export chatbot/support --out a-folder-that-does-not-exist/and-has-a-long-name/support.bundle.json"),
    ("applied", "release support -m Again"),
    ("applied", "rollback support 1 --dry-run"),
    ("applied", "rollback support 1 --yes"),
    ("applied", "rollback support 7 --yes"),
    ("applied", "promote support --from staging --to production"),
    ("applied", "destroy --env production --confirm production"),
    ("applied", "destroy --env production --confirm staging"),
    ("applied", "destroy --env production --yes"),
    ("applied", "destroy --env staging --confirm staging"),
    ("applied", "destroy --env production --undo"),
    ("applied", "publish support 9"),
    ("applied", "archive assistant/night-outage-reporter-of-the-northern-network"),
    ("applied", "archive assistant/triage --dry-run"),
    ("applied", "inventory --by nothing"),
    ("applied", "drift --target vectorstore/nothing"),
    ("applied", "diff"),
    ("applied", "pull --all"),
    ("applied", "state mv vectorstore/handbook assistant/book"),
    ("applied", "state rm --all"),
    ("applied", "state rebuild"),
    ("applied", "state unlock"),
    ("applied", "state pull --out state.json"),
    ("changed", "status chatbot/support vectorstore/handbook"),
    ("changed", "inventory --by owner --name *"),
    ("changed", "pull --all --dry-run"),
    ("changed", "plan --on-drift refuse"),
    ("changed", "adopt --yes"),
    ("changed", "consent vectorstore/handbook protected --reason Moved --expires 2026-12-20"),
    ("changed", "diff support@1 support@9"),
    ("changed", "show nothing.json"),
    ("broken", "apply --yes"),
    ("broken", "fmt --check"),
)
"""Commands of which only the width of the lines is checked, with their messages."""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", COMMANDS)
def test_output_in_a_terminal(snapshots, estates, monkeypatch, name, width):
    stage, words = COMMANDS[name]
    monkeypatch.chdir(estates[stage])
    if words == "validate" or name == "plan-without-an-environment":
        monkeypatch.delenv("RECONCILER_ENV")
    plain = snapshots.check(name, *words.split(), width=width, errors=not words.startswith("inventory"))
    assert too_wide(plain, width) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", WRITING)
def test_output_of_a_command_that_writes_in_a_terminal(snapshots, estates, monkeypatch, tmp_path, name, width):
    stage, words = WRITING[name]
    folders = iter([tmp_path / "1" / "brightwater", tmp_path / "2" / "brightwater"])

    def before() -> None:
        folder = shutil.copytree(estates[stage], next(folders))
        snapshots.scrubber.names[str(folder)] = f"{HOME}/brightwater"
        snapshots.scrubber.ids.clear()
        monkeypatch.chdir(folder)

    plain = snapshots.check(name, *words.split(), width=width, errors=False, before=before)
    assert too_wide(plain, width) == []


@pytest.mark.parametrize(("stage", "words"), OTHERS, ids=[words for _, words in OTHERS])
def test_no_line_of_a_command_is_wider_than_the_terminal(snapshots, estates, monkeypatch, tmp_path, stage, words):
    folder = shutil.copytree(estates[stage], tmp_path / "brightwater")
    snapshots.scrubber.names[str(folder)] = f"{HOME}/brightwater"
    monkeypatch.chdir(folder)
    shown = snapshots.taken(*words.split(), width=80, colour=False)
    assert shown
    assert too_wide(shown, 80) == []


def test_every_snapshot_has_a_test():
    expected = {f"{name}.{width}.txt" for name in (*COMMANDS, *WRITING) for width in WIDTHS}
    assert {file.name for file in HERE.iterdir()} == expected


def test_paused_automation_is_in_the_document(estates, cli, monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    found = {one["address"]: one for one in cli("status", "-o", "json", "-C", estates["applied"]).document["objects"]}
    assert [address for address, one in found.items() if one["paused"]] == ["automation/nightly-outage-report"]
    assert found["automation/nightly-outage-report"]["in_sync"]
