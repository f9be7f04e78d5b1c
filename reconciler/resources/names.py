"""Types for the fields of manifest models that refer to other objects."""

import re
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from reconciler.resources.address import FILE
from reconciler.resources.references import Ref, Writing

TITLE_BYTES: Final = 256
UPLOAD_ID: Final = re.compile(r"file-[A-Za-z0-9]+")
"""The live id of an upload."""


def _may_be_a_file(path: str) -> bool:
    return bool(path) and not path.endswith("/")


ASSISTANT: Final = Ref("assistant")
PIPELINE: Final = Ref("pipeline")
VECTOR_STORE: Final = Ref("vectorstore")
PROJECT_FILE: Final = Ref(
    FILE,
    writing=Writing(
        UPLOAD_ID,
        _may_be_a_file,
        "expected the path of a file in the project folder, or a file-… id",
        in_full=False,
    ),
)
"""A path relative to the project folder."""
AUTOMATION: Final = Ref("automation")
SKILL: Final = Ref("skill", writing=Writing(re.compile(r"[a-z]+_\w+|openai-[-\w]+")))
"""The ids of the skills that OpenAI provides begin with `openai-`."""

AssistantName: TypeAlias = Annotated[str, ASSISTANT]
PipelineName: TypeAlias = Annotated[str, PIPELINE]
VectorStoreName: TypeAlias = Annotated[str, VECTOR_STORE]
FileName: TypeAlias = Annotated[str, PROJECT_FILE]
SkillName: TypeAlias = Annotated[str, SKILL]
ContainerId: TypeAlias = Annotated[str, Ref("container")]
CredentialId: TypeAlias = Annotated[str, Ref("credential")]
VaultName: TypeAlias = Annotated[str, Ref("vault")]
TemplateName: TypeAlias = Annotated[str, Ref("template")]
AgentName: TypeAlias = Annotated[
    str,
    Ref(
        "assistant",
        type="agent",
        writing=Writing(
            message="{text} is not a valid reference to an agent: write the name of an assistant, a frozen copy "
            "NAME@CHATBOT.N, chatbot/NAME for the release that a chatbot publishes, or an id"
        ),
        through="chatbot",
    ),
]
"""A reference to an assistant of target `agents`, or to a chatbot that publishes one."""
AutomationName: TypeAlias = Annotated[str, AUTOMATION]


def _session_id(text: str) -> str:
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        message = "{text} is not the id of a session: write an id such as `sess_68a1…`, without spaces"
        raise PydanticCustomError("session_id", message, {"text": repr(text)})
    return text


SessionId: TypeAlias = Annotated[str, Ref(type="session"), AfterValidator(_session_id)]


def _title(text: str) -> str:
    size = len(text.strip().encode())
    if not 1 <= size <= TITLE_BYTES:
        message = "expected 1 to {most} bytes besides spaces at both ends, found {size}"
        raise PydanticCustomError("title", message, {"most": TITLE_BYTES, "size": size})
    return text


Title: TypeAlias = Annotated[str, AfterValidator(_title)]
"""A name at OpenAI, which is trimmed there."""
