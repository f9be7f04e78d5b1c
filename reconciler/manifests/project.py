"""`project.yaml`: what holds for all manifests, and the environments they are for."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, Tag

from reconciler.manifests.backends import Bucket, LocalState, State
from reconciler.manifests.peers import Peer, Peers
from reconciler.manifests.suggest import did_you_mean
from reconciler.resources.address import NAME_RULE, Identity, is_name
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
Variables: TypeAlias = dict[Annotated[str, AfterValidator(_variable_name)], Scalar]


class DirectoryOutlet(Spec):
    """A folder from which applications load bundles."""

    directory: str


class S3Outlet(Spec):
    """A prefix of a bucket from which applications load bundles."""

    s3: Bucket


def _outlet_tag(outlet: Any) -> str:
    return "s3" if (isinstance(outlet, Mapping) and "s3" in outlet) or isinstance(outlet, S3Outlet) else "directory"


Outlet: TypeAlias = Annotated[
    Annotated[DirectoryOutlet, Tag("directory")] | Annotated[S3Outlet, Tag("s3")], Discriminator(_outlet_tag)
]


class Defaults(Spec):
    """What manifests need not repeat."""

    target: str | None = None


class Safety(Spec):
    """When a plan is refused as a whole."""

    max_deletes: int | None = Field(default=None, ge=0)
    """Deletes and detached files that one plan may have; without it, max(3, 30 % of the live objects)."""
    max_daily_cost: Dollars | None = None
    """US dollars that the vector stores of one environment may cost a day, by estimate; a plan that lowers what they
    cost is never refused for it."""
    archive: Literal["released-only", "strict"] = "released-only"
    """What becomes of releases that nobody has published when an assistant in them is removed: they are archived with
    it, or (`strict`) they stand in the way like published ones."""


class RequestsPerMinute(Spec):
    """The most that is sent to the API, by method. The defaults are OpenAI's published limits."""

    GET: int = Field(default=1000, ge=1)
    POST: int = Field(default=300, ge=1)
    DELETE: int = Field(default=300, ge=1)


class Limits(Spec):
    """Pacing of requests."""

    requests_per_minute: RequestsPerMinute = RequestsPerMinute()


class Environment(Spec):
    """A set of variables, and the OpenAI project it is for where that differs."""

    variables: Variables = Field(default_factory=dict)
    openai_project: str | None = None


class ProjectSpec(Spec):
    """`spec` of the one document of kind Project."""

    endpoint: str | None = None
    openai_project: str | None = None
    """The id of the OpenAI project that the key has to belong to."""
    state: State = LocalState()
    outlets: tuple[Outlet, ...] = ()
    defaults: Defaults = Defaults()
    safety: Safety = Safety()
    limits: Limits = Limits()
    prices: Prices = Prices()
    """What estimates count with, where OpenAI's published prices are not what you pay."""
    environments: dict[Annotated[str, AfterValidator(_environment_name)], Environment] = Field(default_factory=dict)
    peers: Peers = ()
    """Identities that may refer by id to what is live here."""


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
