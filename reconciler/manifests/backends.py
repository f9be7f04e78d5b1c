"""Where `project.yaml` says that state is kept: one model for each backend."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field

from reconciler.resources.base import Spec
from reconciler.s3.location import Location, check_bucket, check_endpoint, check_prefix

_REF_NAME: Final = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$"


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
