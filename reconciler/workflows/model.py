"""The settings of a project that its CI files contain."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from reconciler.git.branches import default_branch
from reconciler.git.worktree import worktree
from reconciler.manifests.project_settings import Bucket, GitState, LocalState, PostgresState, S3Outlet, S3State, State
from reconciler.project.all_environments import AllEnvironments
from reconciler.project.endpoint import is_embedded
from reconciler.project.outlets import outlets_of
from reconciler.project.workspace import raise_errors
from reconciler.resources.problems import Place, Problem, ReconcilerError

CI: TypeAlias = Literal["github", "gitlab"]
OPENAI: Final = "https://api.openai.com/v1"
PREFIX: Final = "reconciler"
_PLAIN: Final = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9/._~?=&%:@+-]*")
"""Names of outlets that are written to workflows. Others, such as those with spaces, are left to the maintainer."""
_SPECIAL: Final = re.compile(r"[\\*?+!\[\]{}]")
_RESERVED: Final = re.compile(
    r"(?:RECONCILER|OPENAI|GITHUB|GITLAB|GIT|CI|RUNNER|ACTIONS|AWS|PIP|PYTHON|LD|BASH)(?:_.*)?|PATH|HOME|ENV|PROJECT|IFS"
)
"""Variables that jobs and the programs in them use. Their values are not secrets of manifests."""
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]|\$\{\{|@[A-Z_]+@")
"""Text that CI files cannot contain as it is: line breaks, bytes that are not UTF-8, expressions, and names of the
templates."""


@dataclass(frozen=True)
class Setup:
    """A project as its CI files run it."""

    project: str
    """The folder of the project in the repository; `.` for the whole repository."""
    environments: tuple[str, ...]
    """Environments; none if the project has none."""
    branch: str
    """The branch whose content is applied."""
    endpoint: str
    state: str
    """The state in the form of RECONCILER_STATE; empty for the default."""
    outlets: str = ""
    peer_states: str = ""
    extras: frozenset[str] = frozenset()
    """Extras of the package that the state, the outlets and the peers need."""
    on_aws: bool = False
    """True if a bucket is in Amazon S3, where a job can log in without a stored key."""
    regional: bool = True
    """False if a bucket has no region of its own."""
    manifest_secrets: tuple[str, ...] = ()
    """Environment variables that have the secrets of manifests, which only jobs that apply may read."""
    prefix: str = PREFIX
    """The beginning of the names of files, environments and locks; another one for each further project."""

    @property
    def entries(self) -> tuple[str, ...]:
        """The environments; of a project without environments, one without a name."""
        return self.environments or ("",)

    @property
    def state_in_git(self) -> bool:
        return self.state.partition(":")[0] == "git"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The credentials of the state, the outlets and the peers, next to the API keys."""
        aws = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if "s3" in self.extras else ()
        return (*aws, "RECONCILER_POSTGRES_DSN") if "postgres" in self.extras else aws

    @property
    def writing_secrets(self) -> tuple[str, ...]:
        """The secrets of manifests that a maintainer stores; none for the embedded API, which gets placeholders."""
        return () if is_embedded(self.endpoint) else self.manifest_secrets

    def environment(self, name: str) -> str:
        """Return the environment of the CI system for an environment of the project."""
        return f"{self.prefix}-{name}" if name else self.prefix


def environment_names(setup: Setup) -> list[str]:
    """Return the environments of the CI system for all jobs: those that apply, those that only read, and approvals."""
    return [f"{setup.environment(entry)}{end}" for entry in setup.entries for end in ("", "-read", "-approval")]


def check_environments(setup: Setup) -> None:
    """Raise ReconcilerError if two environments of the CI system would have one name, and therefore one key."""
    names = environment_names(setup)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        message = f"two environments of the CI system would be named {twice}, with different keys"
        raise ReconcilerError(Problem("exists", message, hint="Rename one of the environments in project.yaml."))


def pattern(folder: str) -> str:
    """Return a pattern of GitHub and GitLab that matches exactly this folder or branch."""
    return _SPECIAL.sub(r"\\\g<0>", folder)


def setup_of(project: AllEnvironments) -> Setup:
    """Return the settings of a project; raises ReconcilerError if its state cannot be used in CI."""
    spec = project.project.spec
    endpoint = spec.endpoint or OPENAI
    if isinstance(spec.state, LocalState) and not is_embedded(endpoint):
        raise ReconcilerError(_local(project))
    if isinstance(spec.state, GitState) and spec.state.remote != "origin":
        message = f"the state is pushed to {spec.state.remote!r}, which a checkout in CI does not have"
        hint = "Set `remote: origin` in project.yaml, or another backend: see `reconciler explain project.spec.state`."
        raise ReconcilerError(Problem("state-remote", message, hint=hint))
    raise_errors(_reserved(name, place) for name, place in project.secrets.items() if _RESERVED.fullmatch(name))
    folder = project.root.relative_to(project.project.repository).as_posix()
    if _UNWRITABLE.search(folder):
        message = f"the name of the folder {folder!r} cannot be written to CI files"
        hint = "Rename the folder: use letters, digits, `.`, `_` and `-`."
        raise ReconcilerError(Problem("folder-name", message, hint=hint))
    states = (spec.state, *(peer.state for peer in spec.peers if peer.state))
    buckets = (*filter(_is_bucket, states), *(one.s3 for one in spec.outlets if isinstance(one, S3Outlet)))
    found = set(_extras(states, bool(buckets))) | ({"emulator"} if is_embedded(endpoint) else set())
    return Setup(
        project=folder,
        environments=project.environments,
        branch=default_branch(project.project.repository),
        endpoint=endpoint,
        state="" if isinstance(spec.state, LocalState) else spec.state.url,
        outlets=" ".join(one.name for one in outlets_of(project.project) if _PLAIN.fullmatch(one.name)),
        peer_states=" ".join(dict.fromkeys(peer.state.url for peer in spec.peers if peer.state)),
        extras=frozenset(found),
        on_aws=any(isinstance(one, Bucket) and one.endpoint_url is None for one in buckets),
        regional=all(isinstance(one, Bucket) and one.region is not None for one in buckets),
        manifest_secrets=tuple(project.secrets),
    )


def _reserved(name: str, place: Place | None) -> Problem:
    message = f"the jobs use the environment variable {name} themselves"
    hint = "Give the secret of this manifest another name, such as one that begins with the name of its service."
    return Problem("reserved-variable", message, place, hint)


def _is_bucket(state: State) -> bool:
    return isinstance(state, S3State)


def _extras(states: tuple[State, ...], buckets: bool) -> Iterator[str]:
    if buckets:
        yield "s3"
    if any(isinstance(state, PostgresState) for state in states):
        yield "postgres"


def _local(project: AllEnvironments) -> Problem:
    """Return the problem of a state on one machine, with the command for each environment that moves it."""
    where = "" if Path.cwd() == project.root else f" -C {shlex.quote(str(project.root))}"
    moves = [
        f"reconciler state migrate-backend git{where}" + (f" --env {name}" if name else "")
        for name in project.environments or ("",)
    ]
    tree = worktree(project.project.repository)
    if tree is None or not tree.has_remote("origin"):
        moves.insert(0, "git remote add origin URL")
    message = "the state is on this machine (`local`), which the jobs of a CI system cannot read"
    hint = (
        f"Move it, here to a branch of the repository: `{' && '.join(moves)}`. Then set `state: {{backend: git}}` in "
        "project.yaml. S3 and PostgreSQL are possible, too: see `reconciler explain project.spec.state`."
    )
    return Problem("local-state-in-ci", message, hint=hint)
