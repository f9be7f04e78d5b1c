"""Where hosted tools run: containers, their network and their skills (`openai.types.responses.container_*_param`)."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from reconciler.resources.assistants.references import FileId
from reconciler.resources.assistants.shared import OMITTED, Part

MemoryLimit: TypeAlias = Literal["1g", "4g", "16g", "64g"]
FileIds: TypeAlias = Annotated[list[FileId], Field(max_length=50)]
"""Fifty files a container: the API's OpenAPI description."""


class NetworkDisabled(Part):
    type: Literal["disabled"]


class NetworkAllowlist(Part):
    """Outbound access to these domains only. Their secrets are for the application to add to its request."""

    type: Literal["allowlist"]
    allowed_domains: list[str]


NetworkPolicy: TypeAlias = Annotated[NetworkDisabled | NetworkAllowlist, Field(discriminator="type")]


class SkillReference(Part):
    type: Literal["skill_reference"]
    skill_id: str
    version: str = OMITTED
    """A positive integer or `latest`; the skill's default version where it is left out."""


class InlineSkillSource(Part):
    type: Literal["base64"]
    media_type: Literal["application/zip"]
    data: str


class InlineSkill(Part):
    type: Literal["inline"]
    name: str
    description: str
    source: InlineSkillSource


class LocalSkill(Part):
    name: str
    description: str
    path: str
    """A folder on the machine that runs the commands."""


Skills: TypeAlias = Annotated[
    list[Annotated[SkillReference | InlineSkill, Field(discriminator="type")]], Field(max_length=200)
]


class AutoContainer(Part):
    """A container made for the request, for `code_interpreter`."""

    type: Literal["auto"]
    file_ids: FileIds = OMITTED
    memory_limit: MemoryLimit | None = None
    network_policy: NetworkPolicy = OMITTED


class ShellContainer(Part):
    """A container made for the request, for `shell`."""

    type: Literal["container_auto"]
    file_ids: FileIds = OMITTED
    memory_limit: MemoryLimit | None = None
    network_policy: NetworkPolicy = OMITTED
    skills: Skills = OMITTED


class ShellLocal(Part):
    type: Literal["local"]
    skills: list[LocalSkill] = OMITTED


class ShellReference(Part):
    type: Literal["container_reference"]
    container_id: str


ShellEnvironment: TypeAlias = Annotated[ShellContainer | ShellLocal | ShellReference, Field(discriminator="type")]
