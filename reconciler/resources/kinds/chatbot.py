"""Chatbots: one bot each, answered by a pipeline or straight by an assistant."""

from collections.abc import Iterator
from typing import Final

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from reconciler.resources import names
from reconciler.resources.base import Desired, Form, Kind, Path, Reference, Resource, Scope, Spec
from reconciler.resources.names import AssistantName, PipelineName
from reconciler.resources.values import ADDRESS_KEY, JSON, is_reference


class ChatbotSpec(Spec):
    pipeline: PipelineName | None = None
    assistant: AssistantName | None = None
    starts: tuple[PipelineName, ...] = ()
    """Pipelines that the bot's triggers start. A reference only: the application has the triggers."""

    @model_validator(mode="after")
    def _answered_by_one(self) -> "ChatbotSpec":
        if (self.pipeline is None) == (self.assistant is None):
            raise PydanticCustomError("chatbot_answers", "a chatbot has either a pipeline or an assistant")
        return self


def _references(spec: ChatbotSpec) -> Iterator[Reference]:
    named: list[tuple[Path, str, str | None, str]] = [
        (("spec", "assistant"), "assistant", spec.assistant, ""),
        (("spec", "pipeline"), "pipeline", spec.pipeline, ""),
        *((("spec", "starts", index), "pipeline", name, "trigger") for index, name in enumerate(spec.starts)),
    ]
    for path, prefix, text, via in named:
        if text is not None and (target := names.target(prefix, text)):
            yield Reference(path, target, via)


def _desired(resource: Resource, _scope: Scope) -> Iterator[Desired]:
    written = resource.spec.model_dump(mode="json", exclude_unset=True)
    yield Desired(
        address=resource.address,
        type=CHATBOT.type,
        fields={field: _canonical(field, value) for field, value in written.items()},
        place=resource.place,
        lifecycle=resource.lifecycle,
    )


def _canonical(field: str, value: JSON) -> JSON:
    if field == "starts":
        starts = [names.canonical("pipeline", name) for name in value or ()]
        by_name = {item[ADDRESS_KEY] if is_reference(item) else item: item for item in starts}
        return [by_name[name] for name in sorted(by_name)]
    return names.canonical(field, value) if field in {"assistant", "pipeline"} else value


CHATBOT: Final = Form(
    type="chatbot",
    canonical=_canonical,
    render=dict,
    defaults={"assistant": None, "pipeline": None, "starts": []},
)

KIND: Final = Kind(
    name="Chatbot",
    prefix="chatbot",
    models={"": ChatbotSpec},
    references=_references,
    desired=_desired,
)
