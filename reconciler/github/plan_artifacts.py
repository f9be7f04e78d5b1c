"""The plans that pull requests showed before they were merged, as far as nobody but the base branch can have made them.

A pull request can edit its own workflow, and then upload whatever it likes as its plan. Its artifacts count only where

- its branch is in this repository: a fork's is planned without a key;
- it changes nothing under `.github/`, so that the workflow which ran is the base branch's;
- no other pull request has the same head for another base, whose workflow might have run instead;
- they are of the last run for the commit that was merged, and that began after its base was chosen.
"""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from reconciler.github.client import Document, GitHub

ARTIFACT: Final = "plan-"
"""How the names of the artifacts begin that hold a plan."""
PLAN: Final = "plan.json"
MAX_BYTES: Final = 64 * 2**20
KEPT: Final = timedelta(days=90)
MOST_FILES: Final = 3000
"""As many as GitHub lists of a pull request, in the order of their names ("List pull requests files")."""
_RULES: Final = ".github/"
_MOVED: Final = frozenset({"base_ref_changed", "automatic_base_change_succeeded"})
"""Events of a pull request that goes to another branch now; not all workflows plan again then."""


class UnusableError(Exception):
    """An artifact is no plan; the message goes on from `its plan`."""


@dataclass(frozen=True)
class Review:
    """What a merged pull request had to show."""

    pull: int
    plans: tuple[bytes, ...] = ()
    """Plan files, one for each identity, unread."""
    void: str = ""
    """Why its plans do not count."""


@dataclass(frozen=True)
class Reviews:
    """Where to look: the names of workflow files, the base branch and its commit that is to be applied."""

    github: GitHub
    plan_workflow: str
    apply_workflow: str
    base: str
    commit: str

    def since_last_apply(self) -> Iterator[Review]:
        """Of the pull requests merged since the last successful apply, the latest first, as they are asked for."""
        for pull in self._merged():
            void = self._void(pull)
            yield Review(pull["number"], void=void) if void else self._review(pull)

    def _merged(self) -> Iterator[Document]:
        """GitHub names for each the commit by which it came: a merge, a squashed one, the last of those rebased."""
        commits, since = self._commits()
        for pull in self.github.pages("pulls", state="closed", base=self.base, sort="updated", direction="desc"):
            if datetime.fromisoformat(pull["updated_at"]) < since:
                return
            if pull["merged_at"] and (commits is None or pull["merge_commit_sha"] in commits):
                yield pull

    def _commits(self) -> tuple[frozenset[str] | None, datetime]:
        """What came to the base branch since the last apply, and when that was.

        None for all, where there was none, as far back as GitHub keeps artifacts unless it is told otherwise.
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
            return f"it changes {_RULES}, and so may have planned by its own rules"
        if len(names) >= MOST_FILES:
            return f"it changes more files than GitHub lists, which may be in {_RULES}"
        head = f"{self.github.owner}:{pull['head']['ref']}"
        others = self.github.pages("pulls", state="all", head=head)
        if any(_is_elsewhere(other, pull) for other in others):
            return "another pull request has the same commit for another branch"
        return ""

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
            return Review(pull["number"], void="its last commit was merged before it was planned")
        if self._moved_after(last, pull):
            return Review(pull["number"], void="it was planned for another branch, and not again")
        try:
            plans = tuple(self._plans(last))
        except UnusableError as error:
            return Review(pull["number"], void=f"its plan {error}")
        return Review(pull["number"], plans, "" if plans else "its run left no plan")

    def _moved_after(self, run: Document, pull: Document) -> bool:
        """Whether the pull request got its base when the run was under way already: by the workflow of another."""
        moves = (event for event in self.github.pages(f"issues/{pull['number']}/events") if event["event"] in _MOVED)
        return any(_time(move) >= _time(run) for move in moves)

    def _plans(self, run: Document) -> Iterator[bytes]:
        found = sorted(self.github.pages(f"actions/runs/{run['id']}/artifacts", key="artifacts"), key=_time)
        # Of a run that was run again, the last of each name.
        for artifact in {one["name"]: one for one in found if one["name"].startswith(ARTIFACT)}.values():
            yield from self._plan(artifact)

    def _plan(self, artifact: Document) -> Iterator[bytes]:
        """What stands in it under the name of a plan, if anything does."""
        if artifact["expired"]:
            raise UnusableError("has expired")
        if artifact["size_in_bytes"] > MAX_BYTES:
            raise UnusableError("is larger than 64 MiB")
        data = self.github.download(f"actions/artifacts/{artifact['id']}/zip")
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as files:
                if PLAN in files.namelist():
                    yield _unpacked(files)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UnusableError(f"is in an archive that is broken: {error}") from error

    def _is_here(self, run: Document) -> bool:
        name: str | None = (run["head_repository"] or {}).get("full_name")  # null where a fork is gone
        return name == self.github.repository


def _is_elsewhere(other: Document, pull: Document) -> bool:
    same: bool = other["head"]["sha"] == pull["head"]["sha"]
    return same and other["number"] != pull["number"] and bool(other["base"]["ref"] != pull["base"]["ref"])


def _time(of: Document) -> datetime:
    return datetime.fromisoformat(of["created_at"])


def _unpacked(files: zipfile.ZipFile) -> bytes:
    """The plan, as GitHub's own action packs it, and not more of it than there is room for, whatever its size is said
    to be.
    """
    packed = files.getinfo(PLAN)
    if packed.flag_bits & 1 or packed.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnusableError("is packed in an unusual way")
    with files.open(packed) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnusableError("is larger than 64 MiB")
    return data
