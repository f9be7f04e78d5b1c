"""`project.yaml`: what holds for all manifests, and the environments they are for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, Tag, WithJsonSchema

from reconciler.manifests.backends import Bucket, LocalState, State
from reconciler.manifests.peers import Peer, Peers
from reconciler.manifests.suggest import did_you_mean
from reconciler.resources.address import NAME_PATTERN, NAME_RULE, Identity, is_name
from reconciler.resources.base import Path as Keys, Spec
from reconciler.resources.prices import Dollars, Prices
from reconciler.resources.problems import Finding, Place

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def _environment_name(text: str) -> str:
    if not is_name(text):
        raise ValueError(f"{text!r} is no name: {NAME_RULE}")
    return text


def _variable_name(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a variable: letters, digits, `_` and `-`")
    return text


Scalar: TypeAlias = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=4096)]
VariableName: TypeAlias = Annotated[
    str, AfterValidator(_variable_name), WithJsonSchema({"type": "string", "pattern": f"^{_VARIABLE.pattern}$"})
]
Variables: TypeAlias = dict[VariableName, Scalar]
EnvironmentName: TypeAlias = Annotated[
    str, AfterValidator(_environment_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})
]


class DirectoryOutlet(Spec):
    """A local folder that bundles are published to."""

    directory: str
    """Path of the folder, relative to the project folder. It is created when the first bundle is published."""


class S3Outlet(Spec):
    """A prefix of an S3 bucket that bundles are published to."""

    s3: Bucket
    """Bucket and prefix. The bucket must exist."""


def _outlet_tag(outlet: Any) -> str:
    return "s3" if (isinstance(outlet, Mapping) and "s3" in outlet) or isinstance(outlet, S3Outlet) else "directory"


Outlet: TypeAlias = Annotated[
    Annotated[DirectoryOutlet, Tag("directory")] | Annotated[S3Outlet, Tag("s3")], Discriminator(_outlet_tag)
]


class Defaults(Spec):
    """Values for fields that manifests leave out."""

    target: str | None = None
    """Target of assistants that do not set `target`: `agents` or `responses`. Without it, every assistant must set its
    own."""


class Safety(Spec):
    """Limits beyond which a plan is refused."""

    max_deletes: int | None = Field(default=None, ge=0)
    """Largest number of deleted objects and detached files in one plan. Default: 3 or 30 % of the live objects,
    whichever is larger."""
    max_daily_cost: Dollars | None = None
    """Largest estimated cost of vector storage of one environment, in US dollars per day. A plan that lowers the cost
    is never refused for it. Default: no limit."""
    archive: Literal["released-only", "strict"] = "released-only"
    """Handling of unpublished releases when an assistant that they contain is removed. `released-only` archives them
    with it; `strict` refuses the removal, as for published releases. Default: `released-only`."""


class RequestsPerMinute(Spec):
    """Rate limits for requests to the API, by HTTP method. The defaults are the limits that OpenAI publishes."""

    GET: int = Field(default=1000, ge=1)
    """Largest number of GET requests per minute, at least 1. Default: 1000."""
    POST: int = Field(default=300, ge=1)
    """Largest number of POST requests per minute, at least 1. Default: 300."""
    DELETE: int = Field(default=300, ge=1)
    """Largest number of DELETE requests per minute, at least 1. Default: 300."""


class Limits(Spec):
    """Rate limits of this project."""

    requests_per_minute: RequestsPerMinute = RequestsPerMinute()
    """Rate limits by HTTP method, in requests per minute."""


class Environment(Spec):
    """A set of variables, and optionally an OpenAI project of its own."""

    variables: Variables = Field(default_factory=dict)
    """Values of `${var.name}` in this environment: text of at most 4,096 characters, numbers, `true` or `false`. Names
    consist of letters, digits, `_` and `-`, and do not start with a digit or `-`. Default: none."""
    openai_project: str | None = None
    """Id of the OpenAI project that API keys must belong to in this environment, such as `proj_68a1`. Default: the
    project's `openai_project`."""


class ProjectSpec(Spec):
    """Settings of the project, in `project.yaml`."""

    endpoint: str | None = None
    """Base URL of the API, or `embedded` for the embedded API. `RECONCILER_ENDPOINT` overrides it. Default: the OpenAI
    API."""
    openai_project: str | None = None
    """Id of the OpenAI project that API keys must belong to, such as `proj_68a1`; a key of another project is refused.
    Default: any project."""
    state: State = LocalState()
    """Backend that stores the state. Default: `{backend: local}`, the folder `.reconciler/` inside the project folder.
    """
    outlets: tuple[Outlet, ...] = ()
    """Folders and buckets that bundles are published to, besides `.reconciler/bundles`. Default: none."""
    defaults: Defaults = Defaults()
    """Values for fields that manifests leave out."""
    safety: Safety = Safety()
    """Limits beyond which a plan is refused."""
    limits: Limits = Limits()
    """Rate limits for requests to the API."""
    prices: Prices = Prices()
    """Prices for cost estimates, in US dollars, where they differ from those that OpenAI publishes."""
    environments: dict[EnvironmentName, Environment] = Field(default_factory=dict)
    """Environments by name, each with its own variables, state, labels and bundles. Names consist of lower-case
    letters, digits and `-`, at most 63 characters. Default: none."""
    peers: Peers = ()
    """Other identities that may refer by id to live objects of this project. Their states are read before an object is
    deleted. An entry is `PROJECT`, `PROJECT/ENVIRONMENT`, or a mapping. Default: none."""


@dataclass(frozen=True)
class Project:
    """The project as one environment sees it."""

    root: Path
    repository: Path
    """What paths in messages are relative to."""
    identity: Identity
    spec: ProjectSpec
    place: Place
    where: Callable[[Keys], Place] = field(default=lambda _path: Place("project.yaml"), compare=False)
    """The place of the value at a path of its document, or of the closest one around it."""

    @property
    def environment(self) -> Environment:
        """The chosen environment; one without variables where the project has none."""
        return self.spec.environments.get(self.identity.environment or "", Environment())

    @property
    def variables(self) -> Mapping[str, Any]:
        return self.environment.variables

    @property
    def peers(self) -> Mapping[Place, Peer]:
        """By where they are named. Of several environments each may be named, and is no peer of itself."""
        named = {self.where(("spec", "peers", index)): peer for index, peer in enumerate(self.spec.peers)}
        return {place: peer for place, peer in named.items() if peer.identity != str(self.identity)}

    @property
    def openai_project(self) -> str | None:
        """The OpenAI project that this environment is pinned to."""
        return self.environment.openai_project or self.spec.openai_project


def choose_environment(spec: ProjectSpec, wanted: str | None) -> tuple[str | None, Finding | None]:
    """The environment to work with; with a finding, one to go on checking manifests with."""
    names = list(spec.environments)
    if wanted is None and len(names) <= 1:
        return next(iter(names), None), None
    if wanted in spec.environments:
        return wanted, None
    path = ("spec", "environments")
    known = ", ".join(f"`{name}`" for name in names)
    if wanted is None:
        message = f"this project has several environments: {known}"
        finding = Finding(path, "environment-required", message, "choose one with --env or RECONCILER_ENV")
    else:
        hint = did_you_mean(wanted, names) or "the project has no environments"
        finding = Finding(path, "unknown-environment", f"there is no environment `{wanted}`", hint)
    return next(iter(names), None), finding
