"""The settings of an environment that OpenAI hosts: models and limits.

Sources: field docs of `openai.types.beta.agents.environments.template_create_params`, the JSON schema of the API for
limits, and the helper `openai.lib.beta.agents._files` for the paths that are reserved.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from reconciler.resources.assistants.containers import SkillReference
from reconciler.resources.assistants.shared import OMITTED, Part, TextOrObject
from reconciler.resources.base import Spec
from reconciler.resources.list_items import IdentifiedBy
from reconciler.resources.names import FileName
from reconciler.resources.secrets import SecretOrText

WORKSPACE: Final = "/workspace"
INLINE_BYTES: Final = 5 * 2**20
ALL_INLINE_BYTES: Final = 10 * 2**20
UPLOAD_BYTES: Final = 50 * 2**20
ARCHIVE_BYTES: Final = 50 * 2**20
"""Limits of one inline file, of all together, of one uploaded file, and of the archive of one skill or plugin."""
_PATH: Final = 4096
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_RESERVED: Final = re.compile(r"/workspace/(\.codex|\.managed-agents(-[^/]*)?)(/.*)?|/workspace/outputs")
GENERATION: Final = "generation"
CONTENTS: Final = frozenset({"file_contents", "skill_sources", "plugin_sources"})
"""Write-only entries that belong to items of a list: see `ResourceType.inside_items`."""


def _absolute(path: str) -> str:
    parts = path.split("/")[1:]
    if (
        not path.startswith("/")
        or re.search(r"[\\\x00-\x1f\x7f]", path)
        or (path != "/" and {"", ".", ".."} & {*parts})
    ):
        message = (
            "{path} is not a valid absolute path: write it as `/workspace/kb`, without `.`, `..`, `//`, backslashes "
            "and a slash at the end"
        )
        raise PydanticCustomError("absolute_path", message, {"path": repr(path)})
    return path


def _destination(path: str) -> str:
    if not path.startswith(f"{WORKSPACE}/") or ".." in path.split("/"):
        message = "{path} is not inside /workspace: write a path such as `/workspace/kb/a.md`, without `..`"
        raise PydanticCustomError("outside_workspace", message, {"path": repr(path)})
    if _RESERVED.fullmatch(_absolute(path)):
        raise PydanticCustomError("reserved_path", "{path} is reserved by OpenAI", {"path": repr(path)})
    return path


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise PydanticCustomError(
            "host", "expected a host name or an IPv4 address, without scheme, port, path and wildcard"
        )
    return text


HostList = TypeVar("HostList", bound=Sequence[str])


def distinct(hosts: HostList) -> HostList:
    """Return host names; raises PydanticCustomError if one of them is listed twice."""
    if len({host.lower() for host in hosts}) < len(hosts):
        raise PydanticCustomError("same_host", "a host is listed twice; the case of letters does not matter")
    return hosts


def decoded(text: str) -> bytes:
    """Return the bytes of a text in standard Base64; raises ValueError for any other text."""
    return base64.b64decode(text, validate=True)


def _base64(text: str) -> str:
    try:
        decoded(text)
    except (binascii.Error, ValueError) as error:
        raise PydanticCustomError("base64", "expected standard Base64") from error
    return text


AbsolutePath: TypeAlias = Annotated[str, Field(max_length=_PATH), AfterValidator(_absolute)]
Destination: TypeAlias = Annotated[str, Field(max_length=_PATH), AfterValidator(_destination)]
Host: TypeAlias = Annotated[str, AfterValidator(_host)]
"""An exact host name, or an IPv4 address."""
Hosts: TypeAlias = Annotated[list[Host], Field(max_length=100), AfterValidator(distinct)]
Base64: TypeAlias = Annotated[str, AfterValidator(_base64)]
Names: TypeAlias = list[Annotated[str, Field(min_length=1)]]


class Network(Part):
    """Network access of an environment."""

    access: Literal["enabled", "disabled", "restricted"]
    """`enabled`: unrestricted; `disabled`: none; `restricted`: by the lists of domains. Required."""
    allowed_domains: Hosts | None = None
    """Domains that may be reached, at most 100, for `restricted` only. Exact host names: no wildcard, port or scheme.
    Default: none."""
    blocked_domains: Hosts | None = None
    """Domains that may not be reached, at most 100, for `restricted` only and without `allowed_domains`. The API does
    not return them: a change in the manifest is applied, one outside Reconciler is not found. Default: none."""

    @model_validator(mode="after")
    def _fits(self) -> "Network":
        if self.access != "restricted" and (self.allowed_domains or self.blocked_domains):
            raise PydanticCustomError("domains", "domains can be listed only with `access: restricted`")
        if self.allowed_domains and self.blocked_domains:
            raise PydanticCustomError("domains", "`allowed_domains` and `blocked_domains` exclude each other")
        return self


class Packages(Part):
    """Packages that are installed in an environment."""

    npm: Names | None = None
    """Packages of npm, installed globally. Default: none."""
    python: Names | None = None
    """Packages of Python, such as `pandas==2.2`. Default: none."""
    system: Names | None = None
    """Packages of the operating system. Default: none."""


class UploadedFile(Part):
    """A file that is uploaded to OpenAI."""

    type: Literal["file_id"]
    """File type. Always `file_id`."""
    file_id: FileName
    """Path of a file relative to the project folder, or the id of an unmanaged upload (`file-…`)."""
    path: Destination
    """Path in the environment, inside `/workspace`."""


class InlineFile(Part):
    """A file that is part of the environment. The API does not return its content."""

    type: Literal["inline"]
    """File type. Always `inline`."""
    path: Destination
    """Path in the environment, inside `/workspace`."""
    text: str = OMITTED
    """Content of the file as text, which may be a `$file`. Either `text` or `data` is required."""
    data: Base64 = OMITTED
    """Content of the file in Base64. Either `text` or `data` is required."""

    @model_validator(mode="after")
    def _has_content(self) -> "InlineFile":
        if (self.text is None) == (self.data is None):
            raise PydanticCustomError("content", "set either `text` or `data`")
        return self

    @property
    def content(self) -> bytes:
        return self.text.encode() if self.text is not None else decoded(self.data)


class ArchiveSource(Part):
    """A ZIP archive in Base64."""

    type: Literal["base64"]
    """Encoding of the archive. Always `base64`."""
    media_type: Literal["application/zip"]
    """Media type of the archive. Always `application/zip`."""
    data: Base64
    """The archive, in Base64."""


Source: TypeAlias = Annotated[
    Annotated[Annotated[str, Field(min_length=1)], Tag("text")] | Annotated[ArchiveSource, Tag("object")], TextOrObject
]


class InlineSkill(Part):
    """A skill that is part of the environment. The API does not return its content."""

    type: Literal["inline"]
    """Skill type. Always `inline`."""
    name: str = Field(min_length=1)
    """Name of the skill, as its `SKILL.md` has it."""
    description: str
    """Description of the skill, as its `SKILL.md` has it."""
    source: Source
    """Path of a ZIP archive relative to the project folder, or the archive itself."""


class Plugin(Part):
    """A plugin that is part of the environment. The API does not return its content."""

    type: Literal["inline"]
    """Plugin type. Always `inline`."""
    name: str = Field(min_length=1)
    """Name of the plugin, as its `.codex-plugin/plugin.json` has it."""
    description: str
    """Description of the plugin, as its `.codex-plugin/plugin.json` has it."""
    source: Source
    """Path of a ZIP archive relative to the project folder, or the archive itself."""


class SetupCommand(Part):
    """A command that is executed before the agent starts."""

    command: str = Field(min_length=1, max_length=65_536)
    """Command for the shell, at most 65,536 characters."""
    cwd: AbsolutePath | None = None
    """Absolute path of the working directory. Default: `/workspace`."""


class Desktop(Part):
    """The desktop of an environment."""

    enabled: bool
    """True to provide a desktop and a browser. Required."""


_VARIABLE: Final = r"^[^=\x00]+$"
Variables: TypeAlias = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=256, pattern=_VARIABLE)], SecretOrText],
    Field(max_length=1024),
]
Files: TypeAlias = Annotated[
    list[Annotated[Annotated[UploadedFile | InlineFile, Field(discriminator="type")], IdentifiedBy(("path",))]],
    Field(max_length=50),
]
Skills: TypeAlias = Annotated[
    list[
        Annotated[
            Annotated[SkillReference | InlineSkill, Field(discriminator="type")], IdentifiedBy(("skill_id", "name"))
        ]
    ],
    Field(max_length=200),
]
Plugins: TypeAlias = Annotated[list[Annotated[Plugin, IdentifiedBy(("name",))]], Field(max_length=32)]
SetupCommands: TypeAlias = Annotated[list[Annotated[SetupCommand, IdentifiedBy(("command",))]], Field(max_length=16)]


class EnvironmentTemplateSpec(Spec):
    """An environment template: the configuration of the environments in which sessions of agents run."""

    network: Network
    """Network access after the setup. Required, because the default depends on the version of the API."""
    name: str | None = Field(default=None, min_length=1, max_length=256, pattern=r"\S")
    """Name of the template at OpenAI: 1 to 256 characters. Default: the name of the manifest."""
    packages: Packages | None = None
    """Packages to install. Default: none."""
    files: Files | None = None
    """Files in the environment, at most 50. Default: none."""
    skills: Skills | None = None
    """Skills in the environment, at most 200. Default: none."""
    plugins: Plugins | None = None
    """Plugins in the environment, at most 32. Default: none."""
    env: Variables | None = None
    """Environment variables, at most 1,024. A secret is written as `{$env: NAME}`. The API does not return them: a
    change in the manifest is applied, and a change outside Reconciler is not found. Default: none."""
    generation: int | None = Field(default=None, ge=1)
    """Number of the present secrets in `env`. Change it to send them again, after the environment variables have new
    values. Default: secrets are sent only when `env` is written."""
    setup_commands: SetupCommands | None = None
    """Commands that are executed before the agent starts, at most 16, in this order. The API does not return them.
    Default: none."""
    capability_directories: list[AbsolutePath] | None = None
    """Absolute paths of folders with skills and plugins for the agent. Default: none."""
    desktop: Desktop | None = None
    """Desktop of the environment. Default: disabled."""
