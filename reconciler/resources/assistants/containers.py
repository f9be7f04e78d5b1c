"""Containers of hosted tools, their network and their skills (`openai.types.responses.container_*_param`)."""

from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from reconciler.resources.assistants.shared import OMITTED, Part
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.names import SKILL, ContainerId, FileName, SkillName

MemoryLimit: TypeAlias = Literal["1g", "4g", "16g", "64g"]
FileIds: TypeAlias = Annotated[list[FileName], Field(max_length=50)]
"""Fifty files a container: the API's OpenAPI description."""


class NetworkDisabled(Part):
    """No network access."""

    type: Literal["disabled"]
    """Policy type. Always `disabled`."""


class NetworkAllowlist(Part):
    """Outbound access to listed domains only. The application adds secrets of domains to its request."""

    type: Literal["allowlist"]
    """Policy type. Always `allowlist`."""
    allowed_domains: list[str]
    """Domains that the container may connect to."""


NetworkPolicy: TypeAlias = Annotated[NetworkDisabled | NetworkAllowlist, Field(discriminator="type")]


class SkillReference(Part):
    """A skill that is stored at OpenAI."""

    type: Literal["skill_reference"]
    """Skill type. Always `skill_reference`."""
    skill_id: SkillName
    """Name of a `Skill` manifest, or the id of an unmanaged skill (`skill_…`, or `openai-…` of OpenAI)."""
    version: str = OMITTED
    """Version of an unmanaged skill: a positive integer as text, or `latest`. Default: its default version."""

    @model_validator(mode="after")
    def _is_of_unmanaged_skill(self) -> Self:
        if "version" in self.model_fields_set and not SKILL.writing.literal.fullmatch(self.skill_id):
            message = "remove `version`: apply makes the content of the folder the default version, which is used"
            raise PydanticCustomError("version_of_managed_skill", message)
        return self


class InlineSkillSource(Part):
    """The content of an inline skill."""

    type: Literal["base64"]
    """Encoding of the content. Always `base64`."""
    media_type: Literal["application/zip"]
    """Media type of the content. Always `application/zip`."""
    data: str
    """ZIP archive of the skill, in Base64."""


class InlineSkill(Part):
    """A skill that is part of the request."""

    type: Literal["inline"]
    """Skill type. Always `inline`."""
    name: str
    """Name of the skill."""
    description: str
    """Description of the skill. The model reads it to decide on its use."""
    source: InlineSkillSource
    """Content of the skill."""


class LocalSkill(Part):
    """A skill on the machine that runs the commands."""

    name: str
    """Name of the skill."""
    description: str
    """Description of the skill. The model reads it to decide on its use."""
    path: str
    """Folder of the skill on the machine that runs the commands."""


_SKILL: Final = IdentifiedBy(("skill_id", "name"))
Skills: TypeAlias = Annotated[
    list[Annotated[SkillReference | InlineSkill, Field(discriminator="type"), _SKILL]], Field(max_length=200)
]


class AutoContainer(Part):
    """A container that is created for the request, for `code_interpreter`."""

    type: Literal["auto"]
    """Container type. Always `auto`."""
    file_ids: FileIds = OMITTED
    """Files that the container gets, at most 50: paths relative to the project folder, or ids of unmanaged uploads
    (`file-…`). Default: none."""
    memory_limit: MemoryLimit | None = None
    """Memory of the container: `1g`, `4g`, `16g` or `64g`. Default: chosen by the API."""
    network_policy: NetworkPolicy = OMITTED
    """Network access of the container. Default: chosen by the API."""


class ShellContainer(Part):
    """A container that is created for the request, for `shell`."""

    type: Literal["container_auto"]
    """Environment type. Always `container_auto`."""
    file_ids: FileIds = OMITTED
    """Files that the container gets, at most 50: paths relative to the project folder, or ids of unmanaged uploads
    (`file-…`). Default: none."""
    memory_limit: MemoryLimit | None = None
    """Memory of the container: `1g`, `4g`, `16g` or `64g`. Default: chosen by the API."""
    network_policy: NetworkPolicy = OMITTED
    """Network access of the container. Default: chosen by the API."""
    skills: Skills = OMITTED
    """Skills that the container gets, at most 200. Default: none."""


class ShellLocal(Part):
    """The machine of the application, which runs the commands itself."""

    type: Literal["local"]
    """Environment type. Always `local`."""
    skills: list[Annotated[LocalSkill, _SKILL]] = OMITTED
    """Skills on that machine. Default: none."""


class ShellReference(Part):
    """An existing container."""

    type: Literal["container_reference"]
    """Environment type. Always `container_reference`."""
    container_id: ContainerId
    """Id of the container."""


ShellEnvironment: TypeAlias = Annotated[ShellContainer | ShellLocal | ShellReference, Field(discriminator="type")]
