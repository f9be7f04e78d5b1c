"""`reconciler ci`: commands for GitHub Actions workflows and GitLab CI jobs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli import codes, completing, options
from reconciler.cli.output import show, write_json
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from reconciler.planning.model import Plan
    from reconciler.reports.markdown.origin import Run
    from reconciler.review.approval import Approval
    from reconciler.review.reviewed_changes import ReviewedChanges

AUTHOR = "github-actions[bot]"

file = click.Path(path_type=Path, exists=True, dir_okay=False)
out = options.output_file("result", required=True, description="Write the plan to FILE.")
author = click.option(
    "--author",
    metavar="LOGIN",
    default=AUTHOR,
    show_default=True,
    help="Update only comments and issues of this account, the owner of the token.",
)


@click.group(name="ci")
def command() -> None:
    """Run steps of GitHub Actions workflows and GitLab CI jobs.

    The repository is read from GITHUB_REPOSITORY and GITHUB_API_URL, the token of the job from GITHUB_TOKEN. In GitLab
    CI (GITLAB_CI is set), `comment` and `issue` use CI_API_V4_URL, CI_PROJECT_ID and GITLAB_TOKEN. The token is never
    printed.
    """


@command.command(name="comment", short_help="Post plans as comments on the pull request.")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=file)
@click.option(
    "--pull-request",
    "pull",
    metavar="NUMBER",
    type=int,
    help="Comment on this pull request. Default: the pull request of the workflow run.",
)
@author
def comment(files: tuple[Path, ...], pull: int | None, author: str) -> int:
    """Post each FILE, an output of `plan -o markdown`, as a comment on the pull request, or update the comment.

    Each comment links to the workflow run, which contains the full plan. Of several FILEs for one environment, the last
    one is posted. Existing comments of the same workflow without
    a FILE are replaced by a notice that there is no plan. If the pull request has a newer commit, nothing is written.

    Requires the permission `pull-requests: write`. In GitLab CI, the comment is a note on the merge request of the job,
    of the owner of the token, and one job writes and replaces only its own notes.
    """
    from reconciler.github import connect
    from reconciler.github.issues import head_commit, mark_of, replace_comments, upsert_comment
    from reconciler.reports.markdown.origin import signed, unplanned

    if _in_gitlab():
        return _comment_in_gitlab(files, pull)
    number = pull or _pull_request()
    run = _run(number)
    bodies = [signed(_text(path), run) for path in files]
    bodies = list({mark_of(body): body for body in bodies}.values())
    with connect(options.environ()) as github:
        if run.commit and head_commit(github, number) != run.commit:
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
@click.option(
    "--drift", metavar="JSON", required=True, type=file, help="Read the drift from JSON, an output of `drift --out`."
)
@author
def issue(body: Path, drift: Path, author: str) -> int:
    """Open, update or close the drift issue. FILE is its text, an output of `drift -o markdown`.

    The issue is open while there is drift, a file that could not be indexed, a model that is shut down soon, or a file
    in a vector store that its manifest does not list.

    Requires the permission `issues: write`.
    """
    from reconciler.github import connect
    from reconciler.github.issues import close_issue, mark_of, upsert_issue
    from reconciler.review.saved_plans import read_drift

    text, found = _text(body), read_drift(drift)
    if _in_gitlab():
        show(_issue_in_gitlab(mark_of(text), text, found) or "Nothing to report, and no open issue.")
        return 0
    with connect(options.environ()) as github:
        url = close_issue(github, text, author) if found["clean"] else upsert_issue(github, _title(found), text, author)
    show(url or "Nothing to report, and no open issue.")
    return 0


@command.command(name="reviewed")
@options.manifests
@options.environment
@options.endpoint
@out
@click.option(
    "--plan-workflow",
    metavar="NAME",
    default="plan.yml",
    show_default=True,
    help="Set the file name of the workflow that plans pull requests.",
)
def reviewed(start: Path, env: str | None, endpoint: str | None, out: Path, plan_workflow: str) -> int:
    """Plan, and write the reviewed changes to FILE. Apply them with `apply FILE`.

    A change is reviewed if it is in the plan of a pull request that was merged since the last successful run of the
    calling workflow. Drift is kept. A publication that was rolled back is held back while the pull request of the
    rollback is open.

    Exit code 2 if changes are held back, 3 if the plan is refused.
    """
    from reconciler.operations.plan import planned
    from reconciler.reports.wording.documents import plan_document
    from reconciler.review.approval import approval

    now = planned(start, options.environ(), env, endpoint, on_drift="keep")
    if now.plan.refusals:
        show_plan(now.plan, "text", out=None)
        return codes.REFUSED
    found = _read_reviews(now.plan, plan_workflow)
    parted = approval(now, found.digests)
    write_json(lambda: plan_document(parted.plan), out)
    _show_approval(parted, found)
    return codes.CHANGES if parted.held else 0


@command.command(name="rollback", short_help="Write a plan that publishes another release.")
@click.argument("chatbot", shell_complete=completing.chatbots)
@click.argument("number", type=click.IntRange(1), shell_complete=completing.numbers)
@options.manifests
@options.environment
@options.endpoint
@out
def rollback(chatbot: str, number: int, start: Path, env: str | None, endpoint: str | None, out: Path) -> int:
    """Set release NUMBER of CHATBOT as published in its manifest, and write a plan to FILE that moves the pointer only.

    The plan also updates the automations that run the chatbot. Other pending changes are not part of it. If an object
    of the release is missing or was changed, nothing is edited and the command fails. Apply the plan with `apply FILE`,
    and open a pull request with the edit from the branch in the step output `branch`. The step output `writes` is
    `true` if the plan sends write requests to OpenAI.
    """
    from reconciler.operations.rollback import rollback
    from reconciler.reports.wording.documents import plan_document
    from reconciler.review.reviewed_changes import rollback_branch

    chatbot = chatbot.removeprefix("chatbot/")
    plan = rollback(start, options.environ(), chatbot, number, env=env, endpoint=endpoint)
    write_json(lambda: plan_document(plan), out)
    show_plan(plan, "text", out=None)
    _set_output("branch", rollback_branch(plan.identity, chatbot))
    if plan.requests:
        _set_output("writes", "true")
    return codes.REFUSED if plan.refusals else 0


@command.command(name="pull-request")
@click.option("--head", metavar="BRANCH", required=True, help="Merge this branch, which must be pushed.")
@click.option("--base", metavar="BRANCH", help="Merge into this branch. Default: the branch of the workflow run.")
@click.option("--title", required=True, help="Set the title of the pull request.")
@click.option("--body", default="", help="Set the description of the pull request.")
def pull_request(head: str, base: str | None, title: str, body: str) -> int:
    """Open a pull request for a branch, or update the open one.

    Requires the permission `pull-requests: write`, and the repository setting that allows workflows to open pull
    requests.
    """
    from reconciler.github import GitHubError, connect
    from reconciler.github.issues import upsert_pull

    base = base or _given("GITHUB_REF_NAME")
    with connect(options.environ()) as github:
        try:
            show(upsert_pull(github, head, base, title, body))
        except GitHubError:
            server = options.environ().get("GITHUB_SERVER_URL") or "https://github.com"
            show("The branch was pushed, but the pull request could not be opened. Open it here:")
            show(f"{server}/{github.repository}/compare/{base}...{head}?expand=1")
            raise
    return 0


def _in_gitlab() -> bool:
    return bool(options.environ().get("GITLAB_CI"))


def _comment_in_gitlab(files: tuple[Path, ...], merge_request: int | None) -> int:
    from reconciler import gitlab
    from reconciler.github.issues import mark_of
    from reconciler.reports.markdown.origin import Run, signed, unplanned

    environ = options.environ()
    number = merge_request or int(_given("CI_MERGE_REQUEST_IID"))
    commit = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", "")
    base = environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "")
    run = Run(environ.get("CI_JOB_URL", ""), environ.get("CI_JOB_NAME", ""), commit, base)
    bodies = {mark_of(body): body for body in (signed(_text(path), run) for path in files)}
    with gitlab.connect(environ) as project:
        for mark, body in bodies.items():
            show(f"note {gitlab.upsert_note(project, number, mark, body)} on !{number}")
        if run.mark:
            for id_ in gitlab.replace_notes(project, number, run.mark, bodies, lambda mark: unplanned(mark, run)):
                show(f"note {id_} on !{number} (no plan)")
    return 0


def _issue_in_gitlab(mark: str, text: str, found: dict[str, Any]) -> str | None:
    from reconciler import gitlab

    with gitlab.connect(options.environ()) as project:
        if found["clean"]:
            return gitlab.close_issue(project, mark, text)
        return gitlab.upsert_issue(project, mark, _title(found), text)


def _text(file: Path) -> str:
    """Return the content of a document."""
    return file.read_text(encoding="utf-8", errors="replace")


def _read_reviews(plan: "Plan", plan_workflow: str) -> "ReviewedChanges":
    from reconciler.github import connect
    from reconciler.github.plan_artifacts import Reviews
    from reconciler.review.reviewed_changes import ReviewedChanges, read_reviews

    if not plan.work:
        return ReviewedChanges()
    with connect(options.environ()) as github:
        where = Reviews(github, plan_workflow, _workflow(), _given("GITHUB_REF_NAME"), _given("GITHUB_SHA"))
        return read_reviews(plan, where)


def _show_approval(parted: "Approval", found: "ReviewedChanges") -> None:
    from reconciler.reports.style import count, plain

    show(f"Reviewed: {count(len(parted.plan.work), 'change')}. Held back: {count(len(parted.held), 'change')}.")
    for held in parted.held:
        pull = found.rolled_back.get(held.change.digest)
        reason = f"depends on {held.because_of}" if held.because_of else "not in the plan of a merged pull request"
        reason = f"rolled back by #{pull}; merge or close that pull request" if pull else reason
        show(f"  {held.change.action} {plain(held.change.address)}: {plain(reason)}")
    for review in found.reviews if parted.held else ():
        show(f"  #{review.pull}: {plain(review.void) or 'plan read'}")
    if parted.held:
        show("To apply these changes, run this workflow manually and approve its plan.")


def _set_output(name: str, value: str) -> None:
    """Set a step output."""
    path = options.environ().get("GITHUB_OUTPUT")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")


def _workflow() -> str:
    """Return the file name of the running workflow: `apply.yml` of `OWNER/NAME/.github/workflows/apply.yml@refs/…`."""
    return _given("GITHUB_WORKFLOW_REF").partition("@")[0].rpartition("/")[2]


def _given(name: str) -> str:
    """Return an environment variable that the CI system sets in every run."""
    value = options.environ().get(name)
    if not value:
        where = "a merge request pipeline of GitLab CI" if _in_gitlab() else "a GitHub Actions workflow"
        raise click.UsageError(f"{name} is not set; run this command in {where}")
    return value


def _pull_request() -> int:
    """Return the number of the pull request of the event."""
    number = _event().get("pull_request", {}).get("number")
    if number is None:
        raise click.UsageError("the event of this run has no pull request; pass --pull-request NUMBER")
    return int(number)


def _run(pull: int) -> "Run":
    """Return the current run, with the commit of the pull request if the event belongs to it."""
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
    """Return the event payload of the run; empty outside a workflow."""
    path = options.environ().get("GITHUB_EVENT_PATH")
    event: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    return event


def _title(drift: dict[str, Any]) -> str:
    from reconciler.reports.views.drift import NEVER_APPLIED, counts_text

    never = drift.get("never_applied", False)
    word = NEVER_APPLIED if never else "To do" if drift["in_sync"] else "Drift"
    return f"{word}: {drift['identity']}, {counts_text(drift['summary'])}"
