"""What a release keeps: the manifests of a chatbot and of all it uses, as they were written, before variables."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any, Final

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator
from pydantic_core import PydanticCustomError

from reconciler.resources.base import LocalFile, Spec
from reconciler.resources.patterns import matches
from reconciler.resources.problems import Finding
from reconciler.resources.values import digest
from reconciler.resources.variables import names_in

SHA256: Final = r"[0-9a-f]{64}"
Value = StrictBool | StrictInt | StrictFloat | StrictStr


class KeptFile(Spec):
    """The bytes of a knowledge file at the time of the release."""

    sha256: Annotated[str, Field(pattern=f"^{SHA256}$")]
    bytes: int = Field(ge=0)
    blob: Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")] = ""
    """The id of the Git blob that has them; empty where only `releases/files/` does."""


class Content(Spec):
    """Everything that the release is made of."""

    objects: dict[str, dict[str, Any]]
    """Specs by address: the chatbot, and the pipelines, assistants and vector stores it uses."""
    files: dict[str, KeptFile] = Field(default_factory=dict)
    """By path in the project folder."""
    variables: dict[str, dict[str, Value]] = Field(default_factory=dict)
    """The values of the variables that the objects use, by environment."""


class ChatbotVersionSpec(Spec):
    """Written by `release`, and never changed afterwards, but for `archived`."""

    message: str = ""
    archived: bool = False
    """Whether everything that the release has made is to go. Its content may be left out then."""
    digest: Annotated[str, Field(pattern=f"^sha256:{SHA256}$")]
    """Of `content`."""
    content: Content | None = None

    @model_validator(mode="after")
    def _whole(self) -> "ChatbotVersionSpec":
        if self.content is None and not self.archived:
            raise PydanticCustomError("release_content", "only an archived release has no content")
        return self


def content_digest(content: Content) -> str:
    return digest(content.model_dump(mode="json", exclude_unset=True))


def lacking(content: Content, environment: str | None) -> list[str]:
    """The variables that the release has no values for in an environment."""
    return sorted(names_in(content.objects) - content.variables.get(environment or "", {}).keys())


@dataclass(frozen=True)
class KeptFiles:
    """The files of a release as a project folder."""

    files: Mapping[str, KeptFile]

    def glob(self, pattern: str) -> list[str]:
        parts = PurePosixPath(pattern).parts
        return sorted(path for path in self.files if matches(path, parts))

    def read(self, path: str) -> LocalFile | Finding:
        kept = self.files.get(path)
        if kept is None:
            return Finding((), "missing-file", f"the release keeps no {path}", "release the chatbot again")
        return LocalFile(path, kept.sha256, kept.bytes, kept.blob)
