"""Where `project.yaml` says that state is kept: one model for each backend."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field, WithJsonSchema

from reconciler.resources.base import Spec
from reconciler.s3.location import BUCKET, Location, check_bucket, check_endpoint, check_prefix

_REF_NAME: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"


class LocalState(Spec):
    """State in the folder `.reconciler/` inside the project folder, for a single machine."""

    backend: Literal["local"] = "local"
    """Backend type. Always `local`."""

    @property
    def url(self) -> str:
        """The backend as `RECONCILER_STATE` would name it."""
        return self.backend


class Bucket(Spec):
    """A prefix of a bucket in Amazon S3 or an S3-compatible store. Credentials come from `AWS_*` variables."""

    bucket: Annotated[
        str, AfterValidator(check_bucket), WithJsonSchema({"type": "string", "pattern": f"^{BUCKET.pattern}$"})
    ]
    """Name of the bucket: 3 to 63 lower-case letters, digits, `.` and `-`. The bucket must exist."""
    prefix: Annotated[str, AfterValidator(check_prefix)] = ""
    """Prefix of all keys: names separated by `/`, such as `team/acme`. Default: none."""
    region: str | None = None
    """Region of the bucket. Default: `AWS_REGION`."""
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
