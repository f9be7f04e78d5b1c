"""Items that applications send to responses and conversations, completed as the API completes them."""

from collections.abc import Mapping
from typing import Any

from reconciler.emulator.api import new_id
from reconciler.emulator.store import Document


def complete(items: Any) -> None:
    """Add the members that the API adds to input items: to a message of the assistant, an image, or reasoning."""
    for item in objects(items):
        if item.get("type") == "reasoning":
            item.setdefault("id", new_id("rs_"))
        for part in objects(item.get("content")):
            if part.get("type") == "input_image":
                part.setdefault("detail", "auto")
            if part.get("type") == "output_text":
                part.setdefault("annotations", [])
            if item.get("role") == "assistant" and part.get("type") in ("output_text", "refusal"):
                item.update({"id": new_id("msg_"), "type": "message", "status": "completed"} | item)


def stored(given: Mapping[str, Any]) -> Document:
    """Return an item as the API stores it. A text as the content of a message becomes a part."""
    if given.get("type", "message") != "message":
        return {"id": new_id("item_"), "status": "completed", **given}
    content = given["content"]
    if isinstance(content, str):
        answer = {"type": "output_text", "text": content, "annotations": []}
        content = [answer if given["role"] == "assistant" else {"type": "input_text", "text": content}]
    return {"id": new_id("msg_"), "status": "completed", **given, "type": "message", "content": content}


def objects(value: Any) -> list[Document]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
