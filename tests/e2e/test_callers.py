"""Call the reusable workflows with `uses:` from the files in docs/pull-requests.md."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.operations.init import init
from tests.e2e.actions import Actions
from tests.support.github_hub import Hub, serve
from tests.support.github_repositories import Checkout

BIN = Path(sys.executable).parent
PAGE = Path(__file__).parents[2] / "docs" / "pull-requests.md"
_FILE = re.compile(r"```yaml\n# \.github/workflows/(\S+)\n(.*?)```", re.DOTALL)
AGENT = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: clerk}
spec: {target: agents, model: gpt-6-luna, instructions: File it.}
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Return the workflow files of the page, with an owner, a commit and the embedded API."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in _FILE.findall(PAGE.read_text(encoding="utf-8")):
        ours = text.replace("OWNER", "acme-platform").replace("COMMIT", "0" * 40)
        (folder / name).write_text(ours.replace("    with:\n", "    with:\n      endpoint: embedded\n"))
    return sorted(folder.iterdir())


@pytest.fixture
def repo(tmp_path: Path) -> Checkout:
    made = Checkout.make(tmp_path)
    init(made.folder / "bots")
    made.pushed("main")
    return made


@pytest.fixture
def actions(files: list[Path], repo: Checkout, commands: Path, tmp_path: Path) -> Iterator[Actions]:
    """Yield a simulated Actions service with a read key, and a write key in the environments."""
    write = {"OPENAI_API_KEY": "writes"}
    with serve(Hub(bare=repo.bare)) as hub:
        made = Actions(hub, tmp_path / "actions", commands, folder=files[0].parent)
        made.secrets = {"OPENAI_READ_KEY": "reads"}
        made.environments = {"reconciler": write, "reconciler-approval": write}
        made.scratch.mkdir()
        yield made


def test_caller_workflows_exist_and_pass_linters(files: list[Path]):
    assert [file.name for file in files] == [f"bots-{name}.yml" for name in ("apply", "drift", "plan", "rollback")]
    for name, *options in (
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        ("zizmor", "--offline", "--quiet"),
    ):
        command = [str(BIN / name), *options]
        done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_caller_workflows_apply_reviewed_plan_with_environment_key(actions: Actions, repo: Checkout):
    """The plans are searched for in the runs of the caller's workflow file, named by an input."""
    hub = actions.hub

    def run(name: str, event: str, sha: str, branch: str, **payload: object) -> dict[str, set[str]]:
        done = actions.run(name, event, sha, branch, **payload)
        assert done.conclusion == "success", done.log
        return {job.name: job.keys for job in done.jobs if job.conclusion != "skipped"}

    first = repo("rev-parse", "main")
    keys = run("bots-apply", "workflow_dispatch", first, "main")
    assert keys == {"plan": {"writes"}, "approved": {"writes"}}

    sha = repo.commit("clerk", **{"bots__assistants__clerk.yaml": AGENT})
    number = hub.open_pull("clerk")
    keys = run("bots-plan", "pull_request", sha, "clerk", action="opened", pull_request=hub.pulls[number])
    assert keys == {"plan": {"reads"}, "comment": set()}
    assert "assistant/clerk" in hub.comments[number][0]["body"]

    hub.merged(number, repo.merge("clerk", squash=True))
    assert run("bots-apply", "push", repo("rev-parse", "main"), "main") == {"reviewed": {"writes"}}
    assert run("bots-drift", "schedule", repo("rev-parse", "main"), "main") == {"drift": {"reads"}}
    assert hub.issues == {}


def test_caller_rollback_receives_form_inputs(actions: Actions, repo: Checkout):
    inputs = {"chatbot": "helper", "number": "9"}
    rolled = actions.run("bots-rollback", "workflow_dispatch", repo("rev-parse", "main"), "main", inputs=inputs)
    assert "release/helper@9 does not exist" in rolled.log
