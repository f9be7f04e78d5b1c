"""`reconciler ci`: what the workflows of a repository on GitHub call."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import codes, options
from reconciler.cli.output import show, write_json
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from reconciler.planning.model import Plan
    from reconciler.reports.markdown.origin import Run
    from reconciler.review.approval import Approval
    from reconciler.review.reviewing import Shown

AUTHOR = "github-actions[bot]"

file = click.Path(path_type=Path, exists=True, dir_okay=False)
out = click.option(
    "--out",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    callback=options.in_a_folder,
    help="Write the plan here.",
)
author = click.option("--author", metavar="LOGIN", default=AUTHOR, show_default=True, help="Who the token writes as.")


@click.group(name="ci")
def command() -> None:
    """What the workflows of a repository on GitHub call.

    GITHUB_REPOSITORY and GITHUB_API_URL say where; GITHUB_TOKEN is the token of the job, and is never printed.
    """


@command.command(name="comment")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=file)
@click.option("--pull-request", "pull", metavar="NUMBER", type=int, help="Without it, the one that the run is for.")
@author
def comment(files: tuple[Path, ...], pull: int | None, author: str) -> int:
    """Write each FILE, as `plan -o markdown` prints it, as a comment on the pull request, over the one before.

    It gets a link to the run, which has the full plan. Comments of the same workflow for which there is no FILE now
    say so, in place of the plan of an earlier commit. If the pull request has a newer commit, nothing is written.

    Takes the permission `pull-requests: write`.
    """
    from reconciler.github import connect
    from reconciler.github.marked import mark_of, replace_comments, upsert_comment
    from reconciler.reports.markdown.origin import signed, unplanned

    number = pull or _pull_request()
    run = _run(number)
    bodies = [signed(_text(path), run) for path in files]
    with connect(options.environ()) as github:
        if run.commit and github.get(f"pulls/{number}")["head"]["sha"] != run.commit:
            show(f"Nothing is written: #{number} has a commit that is newer than {run.commit[:12]}.")
            return 0
        for body in bodies:
            show(upsert_comment(github, number, body, author))
        if run.mark:
            written = set(map(mark_of, bodies))
            for url in replace_comments(github, number, run.mark, written, lambda mark: unplanned(mark, run), author):
                show(f"{url} (no plan)")
    return 0


@command.command(name="issue")
@click.argument("body", metavar="FILE", type=file)
@click.option("--drift", metavar="JSON", required=True, type=file, help="What `drift --out JSON` wrote.")
@author
def issue(body: Path, drift: Path, author: str) -> int:
    """Open, update or close the issue about drift; FILE is its text, as `drift -o markdown` prints it.

    It is open while there is anything for a person to do: drift, files that fail, models that are shut down soon.

    Takes the permission `issues: write`.
    """
    from reconciler.github import connect
    from reconciler.github.marked import close_issue, upsert_issue
    from reconciler.review.saved import read_drift

    text, found = _text(body), read_drift(drift)
    with connect(options.environ()) as github:
        url = close_issue(github, text, author) if found["clean"] else upsert_issue(github, _title(found), text, author)
    show(url or "Nothing to do, and no issue is open.")
    return 0


@command.command(name="reviewed")
@options.folder
@options.environment
@options.endpoint
@out
@click.option("--plan-workflow", metavar="NAME", default="plan.yml", show_default=True, help="The file that plans.")
def reviewed(start: Path, env: str | None, endpoint: str | None, out: Path, plan_workflow: str) -> int:
    """Plan, and write those of the changes to FILE that a merged pull request had shown; `apply FILE` applies them.

    The pull requests are those merged since the last successful run of the workflow that this is called from. What
    changed by hand is left alone, and so is what a rollback took back, as long as its pull request is open.

    Exit code 2 if something is held back, 3 if the plan is refused.
    """
    from reconciler.operations.run import planned
    from reconciler.reports.wording.documents import plan_json
    from reconciler.review.approval import approval

    now = planned(start, options.environ(), env, endpoint, on_drift="keep")
    if now.plan.refusals:
        show_plan(now.plan, "text", out=None)
        return codes.REFUSED
    found = _shown(now.plan, plan_workflow)
    parted = approval(now, found.digests)
    write_json(plan_json(parted.plan), out)
    _tell(parted, found)
    return codes.CHANGES if parted.held else 0


@command.command(name="rollback")
@click.argument("chatbot")
@click.argument("number", type=click.IntRange(1))
@options.folder
@options.environment
@options.endpoint
@out
def rollback(chatbot: str, number: int, start: Path, env: str | None, endpoint: str | None, out: Path) -> int:
    """Publish release NUMBER of CHATBOT in its manifest, and write a plan to FILE that moves the pointer, and no more.

    Whatever else is pending stays pending. An error, and nothing is edited, if the release cannot answer, because
    something of it is gone or altered. `apply FILE` moves the pointer; the edit is for a pull request, from the branch
    that the step's output `branch` names.
    """
    from reconciler.operations.rollback import rollback
    from reconciler.reports.wording.documents import plan_json
    from reconciler.review.reviewing import rollback_branch

    chatbot = chatbot.removeprefix("chatbot/")
    plan = rollback(start, options.environ(), chatbot, number, env=env, endpoint=endpoint)
    write_json(plan_json(plan), out)
    show_plan(plan, "text", out=None)
    _set_output("branch", rollback_branch(plan.identity, chatbot))
    return codes.REFUSED if plan.refusals else 0


@command.command(name="pull-request")
@click.option("--head", metavar="BRANCH", required=True, help="The branch with the change, pushed already.")
@click.option("--base", metavar="BRANCH", help="Where it is to go; without it, the branch that the run is for.")
@click.option("--title", required=True)
@click.option("--body", default="")
def pull_request(head: str, base: str | None, title: str, body: str) -> int:
    """Open a pull request for a branch, or rewrite the one that is open.

    Takes the permission `pull-requests: write`, and that the repository lets workflows open pull requests.
    """
    from reconciler.github import GitHubError, connect
    from reconciler.github.pulls import upsert_pull

    base = base or _given("GITHUB_REF_NAME")
    with connect(options.environ()) as github:
        try:
            show(upsert_pull(github, head, base, title, body))
        except GitHubError:
            server = options.environ().get("GITHUB_SERVER_URL") or "https://github.com"
            show("The branch is pushed, and has no pull request. To open it by hand:")
            show(f"{server}/{github.repository}/compare/{base}...{head}?expand=1")
            raise
    return 0


def _text(file: Path) -> str:
    """A document of ours, as text."""
    return file.read_text(encoding="utf-8", errors="replace")


def _shown(plan: "Plan", plan_workflow: str) -> "Shown":
    from reconciler.github import connect
    from reconciler.github.reviews import Reviews
    from reconciler.review.reviewing import Shown, shown

    if not plan.work:
        return Shown()
    with connect(options.environ()) as github:
        where = Reviews(github, plan_workflow, _workflow(), _given("GITHUB_REF_NAME"), _given("GITHUB_SHA"))
        return shown(plan, where)


def _tell(parted: "Approval", found: "Shown") -> None:
    from reconciler.reports.style import count, plain

    show(f"Reviewed: {count(len(parted.plan.work), 'change')}. Held back: {count(len(parted.held), 'change')}.")
    for held in parted.held:
        pull = found.rolled_back.get(held.change.digest)
        reason = f"waits for {held.because_of}" if held.because_of else "no merged pull request has shown it"
        reason = f"it was rolled back, see #{pull}; merge that, or close it" if pull else reason
        show(f"  {held.change.action} {plain(held.change.address)}: {plain(reason)}")
    for review in found.reviews if parted.held else ():
        show(f"  #{review.pull}: {plain(review.void) or 'shown'}")
    if parted.held:
        show("Run this workflow by hand: it plans again, and waits for approval.")


def _set_output(name: str, value: str) -> None:
    """For the steps after this one."""
    path = options.environ().get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


def _workflow() -> str:
    """The file name of the workflow that runs: `OWNER/NAME/.github/workflows/apply.yml@refs/heads/main`."""
    return _given("GITHUB_WORKFLOW_REF").partition("@")[0].rpartition("/")[2]


def _given(name: str) -> str:
    """A variable that GitHub sets in every run of a workflow."""
    value = options.environ().get(name)
    if not value:
        raise click.UsageError(f"{name} is not set: this command is for a workflow")
    return value


def _pull_request() -> int:
    """The one that the event of this run is about."""
    number = _event().get("pull_request", {}).get("number")
    if number is None:
        raise click.UsageError("this run is for no pull request: pass --pull-request NUMBER")
    return int(number)


def _run(pull: int) -> "Run":
    """The run that this is, with the commit of the pull request if it is for that one."""
    from reconciler.reports.markdown.origin import Run
    from reconciler.state.lock import this_process

    about = _event().get("pull_request", {})
    mine = about if about.get("number") == pull else {}
    return Run(
        this_process(options.environ()).run_url,
        _workflow() if options.environ().get("GITHUB_WORKFLOW_REF") else "",
        mine.get("head", {}).get("sha", ""),
        mine.get("base", {}).get("ref", ""),
    )


def _event() -> dict[str, Any]:
    """What GitHub says about the event of this run; empty outside a workflow."""
    path = options.environ().get("GITHUB_EVENT_PATH")
    event: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    return event


def _title(drift: dict[str, Any]) -> str:
    from reconciler.reports.text.drift_words import counts_text

    word = "To do" if drift["in_sync"] else "Drift"
    return f"{word}: {drift['identity']}, {counts_text(drift['summary'])}"
