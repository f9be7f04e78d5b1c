"""The workflows, step by step as GitHub runs them: from a pull request to what is live, by hand and back."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler import bundles
from reconciler.operations.demo import sample
from reconciler.operations.init import init, write_workflows
from reconciler.releases.release import release
from reconciler.workflows import Setup, Source
from reconciler.workflows.github import FOLDER, workflows
from tests.e2e.actions import Actions, Run
from tests.support.cli import by_hand
from tests.support.github_hub import Hub, serve
from tests.support.github_repositories import Checkout

STARTER = "acme"
ACTION = f"acme-platform/reconciler/setup@{'a' * 40}"
S3_STATE = "s3://acme-bots/state?region=eu-central-1"
ASSISTANT = """
apiVersion: reconciler/v1
kind: Assistant
metadata: {name: %s}
spec: {target: agents, model: gpt-6-luna, instructions: %s}
"""


def assistant(name: str, instructions: str = "Be kind.") -> dict[str, str]:
    return {f"assistants/{name}.yaml": ASSISTANT % (name, instructions)}


@dataclass
class Team:
    """Who works on one repository, and the platform that runs its workflows."""

    hub: Hub
    repo: Checkout
    actions: Actions

    def write(self, branch: str, files: Mapping[str, str]) -> str:
        """Commit to a branch, a new one from main; gives the commit."""
        if branch not in self.repo("branch", "--format=%(refname:short)").split():
            self.repo("checkout", "-q", "main")
        return self.repo.commit(branch, **{path.replace("/", "__"): content for path, content in files.items()})

    def propose(self, branch: str, files: Mapping[str, str]) -> tuple[int, Run]:
        """Open a pull request, which plans it."""
        self.write(branch, files)
        number = self.hub.open_pull(branch)
        return number, self.plan(number, "opened")

    def push(self, number: int, files: Mapping[str, str]) -> Run:
        """Another commit on the branch of a pull request."""
        self.write(self.hub.pulls[number]["head"]["ref"], files)
        self.hub.pushed(number)
        return self.plan(number, "synchronize")

    def plan(self, number: int, action: str, *, actor: str = "ann") -> Run:
        """GitHub plans the merge of head and base: here the head, which is based on all of main."""
        pull = self.hub.pulls[number]
        head = pull["head"]
        about = {"action": action, "pull_request": pull}
        return self.actions.run("plan", "pull_request", head["sha"], head["ref"], actor=actor, **about)

    def merge(self, number: int, *, squash: bool = False) -> str:
        commit = self.repo.merge(self.hub.pulls[number]["head"]["ref"], squash=squash)
        self.hub.merged(number, commit)
        return commit

    def apply(self, event: str = "push") -> Run:
        return self.actions.run("apply", event, self.repo("rev-parse", "main"), "main")

    def drift(self) -> Run:
        return self.actions.run("drift", "schedule", self.repo("rev-parse", "main"), "main")

    def roll_back(self, chatbot: str, number: int, env: str | None = None) -> Run:
        inputs = {"chatbot": chatbot, "number": str(number), **({"env": env} if env else {})}
        return self.actions.run("rollback", "workflow_dispatch", self.repo("rev-parse", "main"), "main", inputs=inputs)

    def comments(self, number: int) -> list[str]:
        return [comment["body"] for comment in self.hub.comments.get(number, [])]

    @property
    def live(self) -> dict[str, str]:
        """Instructions of the agents that are live, by name."""

        async def look(sdk: Any) -> dict[str, str]:
            return {agent.name: agent.instructions async for agent in sdk.beta.agents.list()}

        return by_hand(self.embedded, look)

    @property
    def embedded(self) -> Path:
        """The folder with the data of the embedded API, as the next run will have them."""
        return list(self.actions.caches.values())[-1].parent


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Team]:
    """A small project whose first apply somebody approved."""
    folder = tmp_path_factory.mktemp("team")
    repo = Checkout.make(folder)
    init(repo.folder / STARTER)
    project = repo.folder / STARTER / "project.yaml"
    project.write_text(f"{project.read_text()}  endpoint: embedded\n")
    write_workflows(project.parent, {}, "github", ACTION)
    with serve(Hub(bare=repo.bare)) as hub:
        actions = Actions(hub, folder / "actions", commands, prefix="reconciler-", folder=repo.folder / FOLDER)
        made = Team(hub, repo, replace(actions, folder=copied(actions.folder, folder / "workflows")))
        made.actions.scratch.mkdir()
        repo.pushed("main")
        assert_green(made.apply("workflow_dispatch"))
        yield made


def copied(folder: Path, target: Path, **replaced: str) -> Path:
    """Copy workflow files, with texts replaced, out of the checkout, which changes its branch."""
    target.mkdir()
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        for old, new in replaced.items():
            text = text.replace(old, new)
        (target / file.name).write_text(text, encoding="utf-8")
    return target


def assert_green(run: Run) -> None:
    assert run.conclusion == "success", run.log


def prefixed(files: Mapping[str, str]) -> dict[str, str]:
    return {f"{STARTER}/{path}": content for path, content in files.items()}


def test_a_pull_request_from_its_first_plan_to_what_is_live(team: Team):
    number, planned = team.propose("clerk", prefixed(assistant("clerk", "File it.")))
    assert_green(planned)
    (comment,) = team.comments(number)
    assert comment.startswith("<!-- reconciler:plan acme -->")
    assert "assistant/clerk" in comment

    assert_green(team.push(number, prefixed(assistant("clerk", "File it twice."))))
    (edited,) = team.comments(number)
    assert "File it twice." in edited

    team.merge(number, squash=True)
    applied = team.apply()
    assert (applied.of("reviewed"), applied.of("approved")) == ("success", "skipped")
    assert team.live["clerk"] == "File it twice."


def test_a_plan_that_fails_takes_the_place_of_the_one_before(team: Team):
    number, _ = team.propose("torn", prefixed(assistant("torn")))
    (shown,) = team.comments(number)
    head = team.hub.pulls[number]["head"]["sha"][:12]
    assert f"Planned is the merge of `{head}` into `main`." in shown
    planned = team.push(number, prefixed({"assistants/torn.yaml": "kind: Assistent"}))
    assert (planned.of("plan"), planned.of("comment")) == ("failure", "success")
    (comment,) = team.comments(number)
    assert comment.startswith("<!-- reconciler:plan acme -->\n\n## No plan: `acme`")
    assert f"/actions/runs/{planned.id})" in comment
    assert_green(team.push(number, prefixed(assistant("torn"))))
    assert "assistant/torn" in team.comments(number)[0]


def test_two_merges_in_a_row_are_applied_by_the_second_run(team: Team):
    """GitHub keeps one run waiting for a place in a concurrency group: the one between was cancelled."""
    first, _ = team.propose("first", prefixed(assistant("first")))
    second, _ = team.propose("second", prefixed(assistant("second")))
    team.merge(first)
    team.merge(second, squash=True)
    assert_green(team.apply())
    assert {"first", "second"} <= team.live.keys()


def test_a_committed_folder_is_no_plan(team: Team):
    """A pull request contains files with names that a workflow could write. One of them is the plan of another one."""
    number, _ = team.propose("honest", prefixed(assistant("honest")))
    run = max(team.hub.artifacts)
    forged = team.hub.archives[team.hub.artifacts[run][-1]["id"]]
    with zipfile.ZipFile(io.BytesIO(forged)) as files:
        plan = files.read("plan.json").decode()
    names = ("plan/plan.json", "plan.json", "reviewed.json", "plan/plan.md", "drift.json")
    smuggled, planned = team.propose("smuggled", {**dict.fromkeys(names, plan), **prefixed(assistant("torn", "Ow."))})

    assert_green(planned)
    (comment,) = team.comments(smuggled)
    assert "assistant/torn" in comment
    assert "assistant/honest" not in comment
    team.merge(smuggled)
    assert_green(team.apply())
    assert "honest" not in team.live

    team.repo("checkout", "-q", "main")
    team.repo("rm", "-q", "-r", *names)
    team.repo.pushed("main")
    team.merge(number)
    assert_green(team.apply())


def test_what_nobody_has_seen_waits_for_approval(team: Team):
    """A reviewed merge, and a push past review: the one is applied, the other named."""
    number, _ = team.propose("seen", prefixed(assistant("seen")))
    team.merge(number)
    team.repo("checkout", "-q", "main")
    team.write("main", prefixed(assistant("unseen")))
    applied = team.apply()
    assert applied.conclusion == "failure"
    assert "create assistant/unseen: not in the plan of a merged pull request" in applied.log
    assert applied.jobs[0].summary.startswith("~~~~~~~~ text\n"), "text, whatever the names of files look like"
    assert "seen" in team.live
    assert "unseen" not in team.live

    assert team.apply("workflow_dispatch").of("approved") == "success"
    assert "unseen" in team.live


def test_by_hand_an_entry_that_cannot_be_planned_holds_up_no_other(team: Team, tmp_path: Path):
    matrices = [
        json.dumps([{"project": one, "env": ""} for one in found]) for found in ([STARTER], ["nowhere", STARTER])
    ]
    folder = copied(team.actions.folder, tmp_path / "workflows", **dict([matrices]))
    applied = replace(team, actions=replace(team.actions, folder=folder)).apply("workflow_dispatch")
    ended = {name: [job.conclusion for job in applied.jobs if job.name == name] for name in ("plan", "approved")}
    assert ended == {"plan": ["failure", "success"], "approved": ["failure", "success"]}


def test_a_pull_request_that_is_refused_says_so_and_is_red(team: Team):
    team.repo("checkout", "-q", "-B", "refused", "main")
    team.repo("rm", "-q", f"{STARTER}/assistants/helper.yaml")
    team.repo.pushed("refused")
    number = team.hub.open_pull("refused")
    planned = team.plan(number, "opened")
    assert (planned.of("plan"), planned.of("comment")) == ("failure", "success")
    (comment,) = team.comments(number)
    assert "Refused" in comment


def test_drift_has_one_issue_from_the_first_report_to_the_repair(team: Team):
    number, _ = team.propose("drifting", prefixed(assistant("drifting")))
    team.merge(number)
    team.apply()

    async def tamper(sdk: Any) -> None:
        (agent,) = [agent async for agent in sdk.beta.agents.list() if agent.name == "drifting"]
        await sdk.beta.agents.update(agent.id, instructions="Be rude.")

    by_hand(team.embedded, tamper)
    assert_green(team.drift())
    (issue,) = team.hub.issues.values()
    assert (issue["state"], issue["title"]) == ("open", "Drift: acme, 1 modified")
    assert "Be rude." in issue["body"]
    team.drift()
    assert len(team.hub.issues) == 1

    accepted, _ = team.propose("accepted", prefixed(assistant("drifting", "Be rude.")))
    team.merge(accepted)
    assert_green(team.apply())
    assert_green(team.drift())
    assert issue["state"] == "closed"


def test_a_rollback_moves_the_pointer_and_then_asks_git_to_agree(team: Team):
    """While other changes, one of them to the chatbot's own assistant, wait for approval."""
    for number in (1, 2):
        team.repo("checkout", "-q", "main")
        team.write("main", prefixed({"prompts/helper.md": f"Help, the {number}. way."}))
        release(team.repo.folder / STARTER, {}, "helper", vendor=True, publish=True)
        team.repo.pushed("main")
        assert_green(team.apply("workflow_dispatch"))
    team.write("main", prefixed({**assistant("waiting"), "prompts/helper.md": "Help, some day."}))

    assert_green(team.roll_back("helper", 1))
    assert_published(team, "Help, the 1. way.")
    assert "waiting" not in team.live

    numbers = list(team.hub.pulls)
    number, pull = numbers[-1], team.hub.pulls[numbers[-1]]
    assert pull["title"] == "Roll back helper to release 1"
    team.repo("fetch", "-q")
    changed = team.repo("diff", "--unified=0", "main", f"origin/{pull['head']['ref']}")
    assert [line for line in changed.splitlines() if line[0] in "+-" and line[1] not in "+-"] == [
        "-  published: 2",
        "+  published: 1",
    ]

    assert_green(team.roll_back("helper", 1))
    assert list(team.hub.pulls) == numbers, "pressed twice, it is the same pull request"

    other, _ = team.propose("meanwhile", prefixed(assistant("meanwhile")))
    team.merge(other)
    applied = team.apply()
    assert f"publish chatbot/helper: rolled back by #{number}; merge or close that pull request" in applied.log
    assert "meanwhile" in team.live
    assert_published(team, "Help, the 1. way.")

    team.repo("fetch", "-q")
    team.repo("branch", pull["head"]["ref"], f"origin/{pull['head']['ref']}")
    team.merge(number)
    assert "publish chatbot/helper" not in team.apply().log
    assert_published(team, "Help, the 1. way.")


def assert_published(team: Team, instructions: str) -> None:
    bundle = bundles.load(team.embedded / ".reconciler" / "bundles", "acme", "chatbot/helper")
    assert bundle.request("assistant/helper")["instructions"] == instructions


def test_a_rollback_to_what_is_not_there_changes_nothing(team: Team):
    before = dict(team.actions.caches)
    rolled = team.roll_back("helper", 99)
    assert rolled.conclusion == "failure"
    assert "release/helper@99 does not exist" in rolled.log
    assert len(team.actions.caches) in (len(before), len(before) + 1)


def test_a_fork_is_planned_without_the_api_and_its_merge_waits(team: Team):
    team.write("forked", prefixed(assistant("forked")))
    number = team.hub.open_pull("forked", repository="stranger/bots")
    planned = team.plan(number, "opened")
    assert (planned.of("plan"), planned.of("comment")) == ("success", "skipped")
    assert "made offline" in planned.jobs[0].summary
    assert "assistant/forked" in planned.jobs[0].summary
    team.merge(number)
    applied = team.apply()
    assert applied.conclusion == "failure"
    assert f"#{number}: it comes from a fork" in applied.log


def test_a_fork_is_not_planned_where_the_state_takes_credentials(team: Team, tmp_path: Path):
    """Its manifests are checked all the same, and there is no red job that only says that a secret is missing."""
    setup = Setup(STARTER, (), "main", "embedded", S3_STATE, extras=frozenset({"s3"}), on_aws=True)
    for path, text in workflows(setup, Source(uses=ACTION)).items():
        (tmp_path / Path(path).name).write_text(text)
    here = replace(team, actions=replace(team.actions, folder=tmp_path))
    here.write("stranger", prefixed(assistant("stranger")))
    planned = here.plan(team.hub.open_pull("stranger", repository="stranger/bots"), "opened")
    assert (planned.of("plan"), planned.of("comment")) == ("success", "skipped")
    assert planned.jobs[0].summary == (
        "The manifests are valid. There is no plan: "
        "reading the state in s3 requires secrets, which this run cannot access.\n"
    )
    here.write("broken", prefixed({"assistants/broken.yaml": "kind: Assistent"}))
    planned = here.plan(team.hub.open_pull("broken", repository="stranger/bots"), "opened")
    assert planned.of("plan") == "failure"
    assert "Assistent" in planned.log


@pytest.mark.long
def test_this_repository_as_it_is(tmp_path: Path, commands: Path):
    """The sample organisation in both of its environments, without anybody's inputs or secrets."""
    repo = Checkout.make(tmp_path)
    shutil.copytree(sample(), repo.folder / "manifests", ignore=shutil.ignore_patterns(".reconciler"))
    with serve(Hub(bare=repo.bare)) as hub:
        here = Team(hub, repo, Actions(hub, tmp_path / "actions", commands))
        here.actions.scratch.mkdir()
        repo.pushed("main")
        assert_green(here.apply("workflow_dispatch"))
        number, planned = here.propose("clerk", {"manifests/assistants/clerk.yaml": ASSISTANT % ("clerk", "File it.")})
        assert_green(planned)
        assert [comment.splitlines()[0] for comment in here.comments(number)] == [
            "<!-- reconciler:plan brightwater/staging -->",
            "<!-- reconciler:plan brightwater/production -->",
        ]
        here.merge(number)
        assert_green(here.apply())
        assert_green(here.drift())
        assert hub.issues == {}
        assert {word for job in planned.jobs for word in job.installed} == {"./setup emulator", "./setup"}
