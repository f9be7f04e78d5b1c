"""`project.yaml`: what holds for all manifests, and the environments they are for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, Tag

from reconciler.manifests.suggest import did_you_mean
from reconciler.resources.address import NAME_RULE, Identity, is_name
from reconciler.resources.base import Spec
from reconciler.resources.prices import Dollars, Prices
from reconciler.resources.problems import Finding, Place
from reconciler.s3.location import Location, check_bucket, check_endpoint, check_prefix

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def _environment_name(text: str) -> str:
    if not is_name(text):
        raise ValueError(f"{text!r} is no name: {NAME_RULE}")
    return text


def _variable_name(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        raise ValueError(f"{text!r} is no name of a variable: letters, digits, `_` and `-`")
    return text


_REF_NAME: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"
Scalar: TypeAlias = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=4096)]
Variables: TypeAlias = dict[Annotated[str, AfterValidator(_variable_name)], Scalar]


class LocalState(Spec):
    """State in `.reconciler/` inside the project folder."""

    backend: Literal["local"] = "local"

    @property
    def url(self) -> str:
        """The backend as `RECONCILER_STATE` would name it."""
        return self.backend


class Bucket(Spec):
    """A prefix of an S3 bucket, in Amazon's S3 or a store that speaks it. Credentials come from AWS_* variables."""

    bucket: Annotated[str, AfterValidator(check_bucket)]
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    region: str | None = None
    endpoint_url: Annotated[str, AfterValidator(check_endpoint)] | None = None

    @property
    def location(self) -> Location:
        return Location(self.bucket, self.prefix, self.region, self.endpoint_url)


class S3State(Bucket):
    """State in an S3 bucket, which must be there."""

    backend: Literal["s3"]

    @property
    def url(self) -> str:
        return self.location.url


class PostgresState(Spec):
    """State in a table of the database that RECONCILER_POSTGRES_DSN, or libpq's PG* variables, name."""

    backend: Literal["postgres"]
    schema_: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = Field("reconciler", alias="schema")
    """Made, with its table, at the first apply."""

    @property
    def url(self) -> str:
        return f"{self.backend}:?schema={self.schema_}"


class GitState(Spec):
    """State on a branch of the repository that the project is in, with authentication as Git has it."""

    backend: Literal["git"]
    branch: Annotated[str, Field(pattern=_REF_NAME)] = "reconciler-state"
    """Made, without a common ancestor, at the first apply."""
    remote: Annotated[str, Field(pattern=_REF_NAME)] = "origin"

    @property
    def url(self) -> str:
        return f"{self.backend}:{self.branch}?remote={self.remote}"


State: TypeAlias = Annotated[LocalState | GitState | S3State | PostgresState, Field(discriminator="backend")]
"""Where state is kept: one model for each backend."""


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


@dataclass(frozen=True)
class Project:
    """The project as one environment sees it."""

    root: Path
    repository: Path
    """What paths in messages are relative to."""
    identity: Identity
    spec: ProjectSpec
    place: Place

    @property
    def environment(self) -> Environment:
        """The chosen environment; one without variables where the project has none."""
        return self.spec.environments.get(self.identity.environment or "", Environment())

    @property
    def variables(self) -> Mapping[str, Any]:
        return self.environment.variables

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
