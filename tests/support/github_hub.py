"""A GitHub server on loopback: the part of the REST API that the workflows use, with a bare Git repository.

Responses follow docs.github.com/rest, and requests are counted. Tests create pull requests and workflow runs with
`open_pull`, `merged` and `ran`.
"""

import io
import subprocess
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from reconciler.github import GitHub, connect
from reconciler.github.plan_artifacts import artifact_key
from tests.support.servers import free_port

Document = dict[str, Any]

REPOSITORY = "acme/bots"
REPO = f"/repos/{REPOSITORY}"
TOKEN = "ghs-not-for-messages"
BOT = "github-actions[bot]"


@dataclass
class Hub:
    """The content of the server."""

    url: str = ""
    bare: Path | None = None
    """The repository, if the test has one."""
    page: int = 100
    """Maximum number of entries per page, regardless of the request."""
    listed_files: int = 3000
    """Maximum number of files of a pull request that are listed."""
    login: str = BOT
    """Owner of the token."""
    pulls: dict[int, Document] = field(default_factory=dict)
    issues: dict[int, Document] = field(default_factory=dict)
    comments: dict[int, list[Document]] = field(default_factory=dict)
    events: dict[int, list[Document]] = field(default_factory=dict)
    """Events of a pull request except commits and comments."""
    runs: list[Document] = field(default_factory=list)
    artifacts: dict[int, list[Document]] = field(default_factory=dict)
    jobs: dict[int, list[Document]] = field(default_factory=dict)
    """Jobs of a run, each as it ran last."""
    archives: dict[int, bytes] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    failing: list[Response] = field(default_factory=list)
    """Responses to the next requests, in order, regardless of the request."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    seen_elsewhere: list[str | None] = field(default_factory=list)
    """The Authorization header of each download: the blob store must not see the token."""

    def git(self, *words: str) -> str:
        assert self.bare
        done = subprocess.run(["git", "-C", self.bare, *words], check=True, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def open_pull(self, head: str, base: str = "main", *, repository: str = REPOSITORY, sha: str | None = None) -> int:
        number = next(self.numbers)
        self.pulls[number] = {
            "number": number,
            "state": "open",
            "merged_at": None,
            "merge_commit_sha": None,
            "updated_at": now(),
            "html_url": f"https://github.example/{REPOSITORY}/pull/{number}",
            "head": {"ref": head, "sha": sha or self.git("rev-parse", head), "repo": {"full_name": repository}},
            "base": {"ref": base, "sha": self.git("rev-parse", base) if self.bare else ""},
        }
        return number

    def pushed(self, number: int) -> None:
        """Move a pull request to the present commit of its branch."""
        head = self.pulls[number]["head"]
        head["sha"] = self.git("rev-parse", head["ref"])

    def moved(self, number: int, base: str, at: str) -> None:
        """Change the base of a pull request."""
        self.pulls[number]["base"] |= {"ref": base}
        self.events.setdefault(number, []).append({"event": "base_ref_changed", "created_at": at})

    def merged(self, number: int, commit: str) -> None:
        at = now()
        self.pulls[number] |= {"state": "closed", "merged_at": at, "updated_at": at, "merge_commit_sha": commit}

    def ran(self, workflow: str, event: str, sha: str, branch: str, **more: Any) -> int:
        """Add a completed workflow run, and return its id."""
        number = next(self.numbers)
        run = {
            "id": number,
            "run_number": number,
            "path": f".github/workflows/{workflow}",
            "event": event,
            "head_sha": sha,
            "head_branch": branch,
            "head_repository": {"full_name": REPOSITORY},
            "status": "completed",
            "conclusion": "success",
            "created_at": now(),
        }
        self.runs.append(run | more)
        return number

    def planned(
        self,
        run: int,
        files: Mapping[str, bytes],
        entry: str = "bots ",
        *,
        attempt: int = 1,
        conclusion: str = "success",
    ) -> None:
        """Add the job of a project and environment to a run, in place of an earlier attempt, and its artifact."""
        others = [job for job in self.jobs.get(run, []) if job["name"] != f"plan: {entry}"]
        job = {"name": f"plan: {entry}", "run_attempt": attempt, "status": "completed", "conclusion": conclusion}
        self.jobs[run] = [*others, job]
        self.upload(run, f"{artifact_key(entry)}-{attempt}", files)

    def upload(self, run: int, name: str, files: Mapping[str, bytes]) -> None:
        """Upload files as an artifact, as `actions/upload-artifact` does."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, data in files.items():
                archive.writestr(path, data)
        number = next(self.numbers)
        self.archives[number] = packed.getvalue()
        size = len(self.archives[number])
        entry = {"id": number, "name": name, "expired": False, "size_in_bytes": size, "created_at": now()}
        self.artifacts.setdefault(run, []).append(entry)


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@dataclass(frozen=True)
class Api:
    """Handlers of the routes."""

    hub: Hub

    def paged(self, request: Request, entries: list[Document], key: str | None = None, **more: Any) -> Response:
        size = min(int(request.query_params.get("per_page", 30)), self.hub.page)
        page = int(request.query_params.get("page", 1))
        shown = entries[(page - 1) * size : page * size]
        body = {"total_count": len(entries), key: shown, **more} if key else shown
        further = page * size < len(entries)
        url = request.url.include_query_params(page=page + 1)
        return JSONResponse(body, headers={"Link": f'<{url}>; rel="next"'} if further else {})

    async def issue_comments(self, request: Request) -> Response:
        number = request.path_params["number"]
        found = self.hub.comments.setdefault(number, [])
        if request.method == "GET":
            return self.paged(request, found)
        made = {**await request.json(), "id": next(self.hub.numbers), "user": {"login": self.hub.login}}
        made["html_url"] = f"https://github.example/{REPOSITORY}/pull/{number}#issuecomment-{made['id']}"
        found.append(made)
        return JSONResponse(made, 201)

    async def comment(self, request: Request) -> Response:
        everything = [made for found in self.hub.comments.values() for made in found]
        made = next(made for made in everything if made["id"] == request.path_params["id"])
        made |= await request.json()
        return JSONResponse(made)

    async def issues(self, request: Request) -> Response:
        if request.method == "GET":
            state, label = request.query_params["state"], request.query_params["labels"]
            found = [one for one in self.hub.issues.values() if one["state"] == state and label in one["labels"]]
            return self.paged(request, found)
        number = next(self.hub.numbers)
        url = f"https://github.example/{REPOSITORY}/issues/{number}"
        made = {"number": number, "state": "open", "user": {"login": self.hub.login}, "html_url": url}
        self.hub.issues[number] = made | await request.json()
        return JSONResponse(self.hub.issues[number], 201)

    async def issue(self, request: Request) -> Response:
        self.hub.issues[request.path_params["number"]] |= await request.json()
        return JSONResponse(self.hub.issues[request.path_params["number"]])

    async def pulls(self, request: Request) -> Response:
        if request.method == "POST":
            body = await request.json()
            number = self.hub.open_pull(body["head"], body["base"])
            self.hub.pulls[number] |= {"title": body["title"], "body": body["body"]}
            return JSONResponse(self.hub.pulls[number], 201)
        query = request.query_params
        found = [pull for pull in self.hub.pulls.values() if query["state"] in ("all", pull["state"])]
        found = [pull for pull in found if query.get("base", pull["base"]["ref"]) == pull["base"]["ref"]]
        owner = REPOSITORY.partition("/")[0]
        found = [pull for pull in found if query.get("head") in (None, f"{owner}:{pull['head']['ref']}")]
        return self.paged(request, sorted(found, key=lambda pull: (pull["updated_at"], pull["number"]), reverse=True))

    async def pull(self, request: Request) -> Response:
        if request.method == "PATCH":
            self.hub.pulls[request.path_params["number"]] |= await request.json()
        return JSONResponse(self.hub.pulls[request.path_params["number"]])

    async def pull_files(self, request: Request) -> Response:
        pull = self.hub.pulls[request.path_params["number"]]
        parent = f"{pull['merge_commit_sha']}^1" if pull["merge_commit_sha"] else pull["base"]["ref"]
        names = self.hub.git("diff", "--name-only", f"{parent}...{pull['head']['sha']}").splitlines()
        return self.paged(request, [{"filename": name} for name in names[: self.hub.listed_files]])

    async def issue_events(self, request: Request) -> Response:
        return self.paged(request, self.hub.events.get(request.path_params["number"], []))

    async def compare(self, request: Request) -> Response:
        base, _, head = request.path_params["range"].partition("...")
        shas = self.hub.git("rev-list", "--reverse", f"{base}..{head}").splitlines()
        at = self.hub.git("show", "-s", "--format=%cI", base)
        tip = {"sha": base, "commit": {"committer": {"date": at}}}
        parent = {"sha": self.hub.git("merge-base", base, head)}
        commits = [{"sha": sha} for sha in shas]
        return self.paged(request, commits, "commits", base_commit=tip, merge_base_commit=parent)

    async def tree(self, request: Request) -> Response:
        lines = self.hub.git("ls-tree", request.path_params["sha"]).splitlines()
        entries = (line.split(maxsplit=3) for line in lines)
        found = [{"path": path, "mode": mode, "type": type_, "sha": sha} for mode, type_, sha, path in entries]
        return JSONResponse({"sha": request.path_params["sha"], "tree": found, "truncated": False})

    async def jobs(self, request: Request) -> Response:
        return self.paged(request, self.hub.jobs.get(request.path_params["id"], []), "jobs")

    async def runs(self, request: Request) -> Response:
        query = request.query_params
        found = [run for run in self.hub.runs if run["path"].endswith(f"/{request.path_params['workflow']}")]
        for name, key in {"event": "event", "head_sha": "head_sha", "branch": "head_branch"}.items():
            found = [run for run in found if query.get(name) in (None, run[key])]
        found = [run for run in found if query.get("status") in (None, run["status"], run["conclusion"])]
        return self.paged(request, found[::-1], "workflow_runs")

    async def artifacts(self, request: Request) -> Response:
        return self.paged(request, self.hub.artifacts.get(request.path_params["id"], []), "artifacts")

    async def archive(self, request: Request) -> Response:
        # The blob store of GitHub has another host.
        return RedirectResponse(
            f"{self.hub.url.replace('127.0.0.1', 'localhost')}/blobs/{request.path_params['id']}", 302
        )

    async def blob(self, request: Request) -> Response:
        self.hub.seen_elsewhere.append(request.headers.get("authorization"))
        return Response(self.hub.archives[request.path_params["id"]], media_type="application/zip")

    async def gate(self, request: Request, handle: Any) -> Response:
        self.hub.asked[f"{request.method} {request.url.path.removeprefix(REPO)}"] += 1
        if self.hub.failing:
            return self.hub.failing.pop(0)
        if request.url.path.startswith("/repos/") and request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"message": "Bad credentials"}, 401)
        response: Response = await handle(request)
        return response


def create_app(hub: Hub) -> Starlette:
    api = Api(hub)
    return Starlette(
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=api.gate)],
        routes=[
            Route(f"{REPO}/issues/{{number:int}}/comments", api.issue_comments, methods=["GET", "POST"]),
            Route(f"{REPO}/issues/comments/{{id:int}}", api.comment, methods=["PATCH"]),
            Route(f"{REPO}/issues", api.issues, methods=["GET", "POST"]),
            Route(f"{REPO}/issues/{{number:int}}", api.issue, methods=["PATCH"]),
            Route(f"{REPO}/pulls", api.pulls, methods=["GET", "POST"]),
            Route(f"{REPO}/pulls/{{number:int}}", api.pull, methods=["GET", "PATCH"]),
            Route(f"{REPO}/pulls/{{number:int}}/files", api.pull_files),
            Route(f"{REPO}/issues/{{number:int}}/events", api.issue_events),
            Route(f"{REPO}/compare/{{range}}", api.compare),
            Route(f"{REPO}/git/trees/{{sha}}", api.tree),
            Route(f"{REPO}/actions/runs/{{id:int}}/jobs", api.jobs),
            Route(f"{REPO}/actions/workflows/{{workflow}}/runs", api.runs),
            Route(f"{REPO}/actions/runs/{{id:int}}/artifacts", api.artifacts),
            Route(f"{REPO}/actions/artifacts/{{id:int}}/zip", api.archive),
            Route("/blobs/{id:int}", api.blob),
        ],
    )


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    """Run the server on a free port, in a thread."""
    port = free_port()
    hub.url = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(create_app(hub), port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield hub
    finally:
        server.should_exit = True
        thread.join()


def refusal(status: int, message: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JSONResponse({"message": message}, status, headers=named)


def not_json(status: int = 502) -> Response:
    return PlainTextResponse("<html>Unicorn</html>", status)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(Hub()) as made:
        yield made


@pytest.fixture
def waits() -> list[float]:
    """Return the list to which the client adds the seconds that it would wait."""
    return []


@pytest.fixture
def github(hub: Hub, waits: list[float]) -> Iterator[GitHub]:
    environ = {"GITHUB_API_URL": hub.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}
    with connect(environ, waits.append) as made:
        yield made
