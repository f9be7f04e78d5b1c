"""Plan artifacts of merged pull requests, restricted to those that a workflow of the base branch created.

A pull request can edit its own workflow and upload any file as its plan. Its artifacts are therefore accepted only if

- its branch is in this repository, because pull requests from forks are planned without a key;
- its head has the same `.github/` as the base branch, so that the workflow of the base branch ran;
- no other pull request has the same head and another base, whose workflow might have run instead;
- they belong to the last run for the merged commit, and the run started after the base was set;
- the job that made an artifact succeeded when it ran last.

A job is named `plan: PROJECT ENV`, or `plan: PROJECT` without environments, and its artifact `plan-KEY-ATTEMPT`. The
key is the first 12 digits of the SHA-256 of the part after the colon: names of artifacts cannot contain slashes.
"""

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from reconciler.github.client import Document, GitHub
from reconciler.github.failures import understood

_JOB: Final = re.compile(r"(?:.* / )?plan: (?P<entry>.*)", re.DOTALL)
"""The name of a job that plans; of a called workflow, with that of the caller's job before it."""
_ARTIFACT: Final = re.compile(r"(?P<key>plan-[0-9a-f]{12})-(?P<attempt>[1-9][0-9]{0,4})")
PLAN: Final = "plan.json"
MAX_BYTES: Final = 64 * 2**20
KEPT: Final = timedelta(days=90)
_RULES: Final = ".github/"
_MOVED: Final = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})
"""Events that change the base of a pull request. Not all workflows run again after them."""


class UnusableError(Exception):
    """An artifact that is not a usable plan. The message continues `its plan`."""


@dataclass(frozen=True)
class Review:
    """The plans that a merged pull request showed."""

    pull: int
    plans: tuple[bytes, ...] = ()
    """Undecoded plan files, one for each identity."""
    void: str = ""
    """The reason why its plans are not accepted; empty if they are."""


@dataclass(frozen=True)
class Reviews:
    """The plan artifacts of a repository, for the workflow files, the base branch and the commit to apply."""

    github: GitHub
    plan_workflow: str
    apply_workflow: str
    base: str
    commit: str

    def since_last_apply(self) -> Iterator[Review]:
        """Yield the reviews of pull requests merged since the last successful apply, newest first, on demand."""
        with understood("reading merged pull requests"):
            for pull in self._merged():
                void = self._void(pull)
                yield Review(int(pull["number"]), void=void) if void else self._review(pull)

    def _merged(self) -> Iterator[Document]:
        """Yield the merged pull requests. `merge_commit_sha` is the merge, the squashed or the last rebased commit."""
        commits, since = self._commits()
        for pull in self.github.pages("pulls", state="closed", base=self.base, sort="updated", direction="desc"):
            if datetime.fromisoformat(pull["updated_at"]) < since:
                return
            if pull["merged_at"] and (commits is None or pull["merge_commit_sha"] in commits):
                yield pull

    def _commits(self) -> tuple[frozenset[str] | None, datetime]:
        """Return the commits added to the base branch since the last apply, and its date.

        If there was no apply: None (all commits), and the default retention time of artifacts.
        """
        applied = self._last_applied()
        if applied is None:
            return None, datetime.now(UTC) - KEPT
        path = f"compare/{applied}...{self.commit}"
        tip = self.github.get(path, per_page=1)["base_commit"]
        commits = frozenset(found["sha"] for found in self.github.pages(path, key="commits"))
        return commits, datetime.fromisoformat(tip["commit"]["committer"]["date"])

    def _last_applied(self) -> str | None:
        path = f"actions/workflows/{self.apply_workflow}/runs"
        runs = self.github.pages(path, key="workflow_runs", branch=self.base, status="success")
        ours = (run for run in runs if run["event"] in ("push", "workflow_dispatch") and self._is_here(run))
        return next((str(run["head_sha"]) for run in ours), None)

    def _void(self, pull: Document) -> str:
        if (pull["head"]["repo"] or {}).get("full_name") != self.github.repository:
            return "it comes from a fork"
        files = self.github.pages(f"pulls/{pull['number']}/files")
        names = [(file["filename"], file.get("previous_filename", "")) for file in files]
        if any(name.startswith(_RULES) for pair in names for name in pair):
            return f"it changes {_RULES}, so its own workflow may have run"
        if not self._has_rules_of_base(pull):  # GitHub lists 3,000 files at most
            return f"its {_RULES} is not that of the base branch, so its own workflow may have run"
        head = f"{self.github.owner}:{pull['head']['ref']}"
        others = self.github.pages("pulls", state="all", head=head)
        if any(_is_elsewhere(other, pull) for other in others):
            return "another pull request has the same commit and another base branch"
        return ""

    def _has_rules_of_base(self, pull: Document) -> bool:
        """Compare `.github/` of the head with that of the commit at which it left the base branch."""
        base, head = pull["base"]["sha"], pull["head"]["sha"]
        parent = self.github.get(f"compare/{base}...{head}", per_page=1)["merge_base_commit"]["sha"]
        return parent != head and self._rules(parent) == self._rules(head)

    def _rules(self, commit: str) -> str | None:
        """Return the id of the tree of `.github/`; None if the commit has none."""
        entries = self.github.get(f"git/trees/{commit}")["tree"]
        return next((str(entry["sha"]) for entry in entries if entry["path"] == _RULES.rstrip("/")), None)

    def _review(self, pull: Document) -> Review:
        head = pull["head"]
        runs = self.github.pages(
            f"actions/workflows/{self.plan_workflow}/runs",
            key="workflow_runs",
            event="pull_request",
            head_sha=head["sha"],
            branch=head["ref"],
        )
        ours = (run for run in runs if self._is_here(run) and run["conclusion"] != "skipped")
        last = max(ours, key=lambda run: run["run_number"], default=None)
        if last is None or last["status"] != "completed":
            return Review(pull["number"], void="its last commit was merged before its plan was complete")
        if self._moved_after(last, pull):
            return Review(pull["number"], void="it was planned for another base branch, and not again after the change")
        try:
            plans = tuple(self._plans(last))
        except UnusableError as error:
            return Review(pull["number"], void=f"its plan {error}")
        return Review(pull["number"], plans, "" if plans else "no job that succeeded uploaded a plan")

    def _moved_after(self, run: Document, pull: Document) -> bool:
        """Return True if the base changed after the run started, so that the workflow of another base may have run."""
        moves = (event for event in self.github.pages(f"issues/{pull['number']}/events") if event["event"] in _MOVED)
        return any(_time(move) >= _time(run) for move in moves)

    def _plans(self, run: Document) -> Iterator[bytes]:
        """Yield the plans of the jobs that succeeded.

        A job that was not repeated has the artifact of an earlier attempt.
        """
        newest: dict[str, tuple[int, Document]] = {}
        for artifact in self.github.pages(f"actions/runs/{run['id']}/artifacts", key="artifacts"):
            if named := _ARTIFACT.fullmatch(artifact["name"]):
                found = (int(named["attempt"]), artifact)
                newest[named["key"]] = max(newest.get(named["key"], found), found, key=lambda one: one[0])
        for job in self.github.pages(f"actions/runs/{run['id']}/jobs", key="jobs", filter="latest"):
            named = _JOB.fullmatch(job["name"])
            key = artifact_key(named["entry"]) if named else ""
            if job["conclusion"] == "success" and key in newest and newest[key][0] <= job["run_attempt"]:
                yield from self._plan(newest[key][1])

    def _plan(self, artifact: Document) -> Iterator[bytes]:
        """Yield the plan file of an artifact, if it contains one."""
        if artifact["expired"]:
            raise UnusableError("has expired")
        if artifact["size_in_bytes"] > MAX_BYTES:
            raise UnusableError("is larger than 64 MiB")
        data = self.github.download(f"actions/artifacts/{artifact['id']}/zip")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as files:
                if PLAN in files.namelist():
                    yield _unpacked(files)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OverflowError) as error:
            raise UnusableError(f"is in a damaged archive: {error}") from error

    def _is_here(self, run: Document) -> bool:
        name: str | None = (run["head_repository"] or {}).get("full_name")  # null if the fork was deleted
        return name == self.github.repository


def artifact_key(entry: str) -> str:
    """Return the name of the artifacts of a job, without the attempt. `entry` is `PROJECT ENV`, or only `PROJECT`."""
    return f"plan-{hashlib.sha256(entry.strip().encode()).hexdigest()[:12]}"


def _is_elsewhere(other: Document, pull: Document) -> bool:
    same: bool = other["head"]["sha"] == pull["head"]["sha"]
    return same and other["number"] != pull["number"] and bool(other["base"]["ref"] != pull["base"]["ref"])


def _time(of: Document) -> datetime:
    return datetime.fromisoformat(of["created_at"])


def _unpacked(files: zipfile.ZipFile) -> bytes:
    """Return the plan file, as packed by GitHub's upload action. Reads at most `MAX_BYTES`, not the declared size."""
    packed = files.getinfo(PLAN)
    if packed.flag_bits & 1 or packed.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnusableError("is in an archive of an unsupported kind")
    with files.open(packed) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusableError("is larger than 64 MiB")
    return data
