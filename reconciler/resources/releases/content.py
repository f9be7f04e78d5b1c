"""Content of a release: the manifests of a chatbot and of the objects that it uses, before variables are replaced."""

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
    """A file of the project folder as it was when the release was made."""

    sha256: Annotated[str, Field(pattern=f"^{SHA256}$")]
    """SHA-256 of the content, as 64 hexadecimal digits."""
    bytes: int = Field(ge=0)
    """Size of the content, in bytes."""
    blob: Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")] = ""
    """Id of the Git blob that has the content. Empty if only `releases/files/` has it. Default: empty."""


class Content(Spec):
    """The complete content of a release."""

    objects: dict[str, dict[str, Any]]
    """Specs by address: the chatbot, and the pipelines, assistants and vector stores that it uses, before variables are
    replaced."""
    files: dict[str, KeptFile] = Field(default_factory=dict)
    """Files that the objects use, by path in the project folder. Default: none."""
    variables: dict[str, dict[str, Value]] = Field(default_factory=dict)
    """Values of the variables that the objects use, by environment. Default: none."""


class ChatbotVersionSpec(Spec):
    """A release of a chatbot. Written by `reconciler release`; only `archived` may be edited afterwards."""

    message: str = ""
    """Description of the release. Default: empty."""
    archived: bool = False
    """Remove everything that was created for this release. `content` may be left out then; the number stays in use.
    Default: `false`."""
    digest: Annotated[str, Field(pattern=f"^sha256:{SHA256}$")]
    """Digest of `content`: `sha256:` and 64 hexadecimal digits. An edited release is refused."""
    content: Content | None = None
    """Complete content of the release. Required unless `archived` is `true`."""

    @model_validator(mode="after")
    def _whole(self) -> "ChatbotVersionSpec":
        if self.content is None and not self.archived:
            raise PydanticCustomError("release_content", "`content` is required unless `archived` is true")
        return self


def content_digest(content: Content) -> str:
    return digest(content.model_dump(mode="json", exclude_unset=True))


def lacking(content: Content, environment: str | None) -> list[str]:
    """Return the variables of a release without values in an environment."""
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
            return Finding((), "missing-file", f"the release does not contain {path}", "release the chatbot again")
        return LocalFile(path, kept.sha256, kept.bytes, kept.blob)
