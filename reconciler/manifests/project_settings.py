"""`spec` of `project.yaml`: state, outlets, defaults, safety, limits, environments and peers."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    WithJsonSchema,
)

from reconciler.resources.address import IDENTITY_PATTERN, NAME_PATTERN, NAME_RULE, is_name
from reconciler.resources.assistants.model_parameters import PARAMETER, PARAMETER_PATTERN
from reconciler.resources.base import Spec
from reconciler.resources.prices import Dollars, Prices
from reconciler.s3.location import (
    BUCKET,
    REGION,
    Location,
    check_bucket,
    check_endpoint,
    check_prefix,
    check_region,
)

_REF_NAME: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class LocalState(Spec):
    """State in the folder `.reconciler/` inside the project folder, for a single machine."""

    backend: Literal["local"] = "local"
    """Backend type. Always `local`."""

    @property
    def url(self) -> str:
        """The backend in the form of `RECONCILER_STATE`."""
        return self.backend


class Bucket(Spec):
    """A prefix of a bucket in Amazon S3 or an S3-compatible store. Credentials come from `AWS_*` variables."""

    bucket: Annotated[
        str, AfterValidator(check_bucket), WithJsonSchema({"type": "string", "pattern": f"^{BUCKET.pattern}$"})
    ]
    """Name of the bucket: 3 to 63 lower-case letters, digits, `.` and `-`. The bucket must exist."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """Prefix of all keys: names separated by `/`, such as `team/acme`. Default: none."""
    region: (
        Annotated[
            str, AfterValidator(check_region), WithJsonSchema({"type": "string", "pattern": f"^{REGION.pattern}$"})
        ]
        | None
    ) = None
    """Region of the bucket: lower-case letters, digits and `-`. Default: `AWS_REGION`."""
    endpoint_url: Annotated[str, AfterValidator(check_endpoint)] | None = None
    """URL of an S3-compatible store. It must be `https://`, or `http://` on this machine. Default: `AWS_ENDPOINT_URL`,
    or Amazon S3."""

    @property
    def location(self) -> Location:
        return Location(self.bucket, self.prefix, self.region, self.endpoint_url)


class S3State(Bucket):
    """State in an S3 bucket, which must exist."""

    backend: Literal["s3"]
    """Backend type. Always `s3`."""

    @property
    def url(self) -> str:
        return self.location.url


class PostgresState(Spec):
    """State in a PostgreSQL table. `RECONCILER_POSTGRES_DSN` or the `PG*` variables of libpq give the database."""

    backend: Literal["postgres"]
    """Backend type. Always `postgres`."""
    schema_: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = Field("reconciler", alias="schema")
    """Schema of the table: lower-case letters, digits and `_`, at most 63 characters. The schema and the table are
    created by the first apply. Default: `reconciler`."""

    @property
    def url(self) -> str:
        return f"{self.backend}:?schema={self.schema_}"


class GitState(Spec):
    """State on a branch of the Git repository that contains the project. Git's own authentication is used."""

    backend: Literal["git"]
    """Backend type. Always `git`."""
    branch: Annotated[str, Field(pattern=_REF_NAME)] = "reconciler-state"
    """Branch that stores the state. The first apply creates it, without common history with other branches. Default:
    `reconciler-state`."""
    remote: Annotated[str, Field(pattern=_REF_NAME)] = "origin"
    """Remote that the branch is pushed to. Default: `origin`."""

    @property
    def url(self) -> str:
        return f"{self.backend}:{self.branch}?remote={self.remote}"


State: TypeAlias = Annotated[LocalState | GitState | S3State | PostgresState, Field(discriminator="backend")]


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
    """Target of assistants that do not set `target`: `agents`, `responses` or `assistants`. Without it, every assistant
    must set its own."""


class Safety(Spec):
    """Limits beyond which a plan is refused."""

    max_deletes: int | None = Field(default=None, ge=0)
    """Largest number of deleted objects, replaced objects and detached files in one plan. Default: 3 or 30 % of the
    live objects, whichever is larger."""
    max_archives: int | None = Field(default=None, ge=0)
    """Largest number of releases that an edit of the manifests archives in one plan. Releases that `releases.keep`
    archives do not count. Default: 3 or 30 % of the live objects, whichever is larger."""
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


def _variable_name(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        rule = "letters, digits, `_` and `-`, not starting with a digit or `-`"
        raise ValueError(f"{text!r} is not a valid name of a variable: {rule}")
    return text


VariableName: TypeAlias = Annotated[
    str, AfterValidator(_variable_name), WithJsonSchema({"type": "string", "pattern": f"^{_VARIABLE.pattern}$"})
]
Scalar: TypeAlias = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=4096)]
Variables: TypeAlias = dict[VariableName, Scalar]


def _parameter(text: str) -> str:
    if not PARAMETER.fullmatch(text):
        raise ValueError(f"{text!r} is not a parameter: write FIELD, FIELD=VALUE or FIELD!=VALUE")
    return text


RefusedParameter: TypeAlias = Annotated[
    str, AfterValidator(_parameter), WithJsonSchema({"type": "string", "pattern": f"^{PARAMETER_PATTERN}$"})
]


class Environment(Spec):
    """A set of variables, and optionally an OpenAI project of its own."""

    variables: Variables = Field(default_factory=dict)
    """Values of `${var.name}` in this environment: text of at most 4,096 characters, numbers, `true` or `false`. Names
    consist of letters, digits, `_` and `-`, and do not start with a digit or `-`. Default: the project's `variables`,
    which each of these overrides."""
    openai_project: str | None = None
    """Id of the OpenAI project that API keys must belong to in this environment, such as `proj_68a1`. Default: the
    project's `openai_project`."""


def _environment_name(text: str) -> str:
    if not is_name(text):
        raise ValueError(f"{text!r} is not a valid name: {NAME_RULE}")
    return text


EnvironmentName: TypeAlias = Annotated[
    str, AfterValidator(_environment_name), WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})
]


def _identity_name(text: str) -> str:
    if not all(map(is_name, text.split("/", maxsplit=1))):
        raise ValueError(f"{text!r} is not a valid identity: write PROJECT or PROJECT/ENVIRONMENT")
    return text


_SCHEMA: Final = {"type": "string", "pattern": IDENTITY_PATTERN}
IdentityName: TypeAlias = Annotated[str, AfterValidator(_identity_name), WithJsonSchema(_SCHEMA)]


class Peer(Spec):
    """Another identity that may refer to live objects of this project."""

    identity: IdentityName
    """The identity, as `PROJECT` or `PROJECT/ENVIRONMENT`."""
    state: State | None = None
    """Backend that stores the state of that identity. Default: the backend of this project."""


def _peer(value: Any) -> Any:
    return {"identity": value} if isinstance(value, str) else value


Peers: TypeAlias = tuple[Annotated[Peer, BeforeValidator(_peer, json_schema_input_type=IdentityName | Peer)], ...]
"""A peer whose state is in the backend of this project may be written as its identity alone."""


class ProjectSpec(Spec):
    """Settings of the project, in `project.yaml`."""

    endpoint: str | None = None
    """Base URL of the API, `embedded` for the embedded API, or `embedded+assistants` for that with the Assistants API.
    `RECONCILER_ENDPOINT` overrides it. Default: the OpenAI API."""
    openai_project: str | None = None
    """Id of the OpenAI project that API keys must belong to, such as `proj_68a1`; a key of another project is refused.
    Default: any project."""
    state: State = LocalState()
    """Backend that stores the state. Default: `{backend: local}`, the folder `.reconciler/` inside the project folder.
    """
    outlets: tuple[Outlet, ...] = ()
    """Folders (`directory`) and buckets (`s3`) that bundles are published to, besides `.reconciler/bundles`. An entry
    has one of the two. Default: none."""
    defaults: Defaults = Defaults()
    """Values for fields that manifests leave out."""
    safety: Safety = Safety()
    """Limits beyond which a plan is refused."""
    limits: Limits = Limits()
    """Rate limits for requests to the API."""
    prices: Prices = Prices()
    """Prices for cost estimates, in US dollars, where they differ from those that OpenAI publishes."""
    refused_parameters: dict[str, tuple[RefusedParameter, ...]] = Field(default_factory=dict)
    """Parameters that a model refuses, by model, instead of the built-in ones: `temperature` for any value,
    `reasoning.effort=none` for one, `temperature!=1` for all others. An empty list for a model that refuses none.
    Default: none."""
    variables: Variables = Field(default_factory=dict)
    """Values of `${var.name}` in all environments, and in a project without environments: text of at most 4,096
    characters, numbers, `true` or `false`. `variables` of an environment overrides them. Names consist of letters,
    digits, `_` and `-`, and do not start with a digit or `-`. Default: none."""
    environments: dict[EnvironmentName, Environment] = Field(default_factory=dict)
    """Environments by name, each with its own variables, state, labels and bundles. Names consist of lower-case
    letters, digits and `-`, at most 63 characters. Default: none."""
    peers: Peers = ()
    """Other identities that may refer by id to live objects of this project. Their states are read before an object is
    deleted. An entry is `PROJECT`, `PROJECT/ENVIRONMENT`, or a mapping. Default: none."""

    def variables_in(self, environment: str | None) -> Mapping[str, Scalar]:
        """Return the variables of an environment: those of the project, overridden by its own."""
        own = self.environments.get(environment or "", Environment())
        return {**self.variables, **own.variables}
