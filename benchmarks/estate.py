"""The measured estate: N agents of 2.4 KB, N/10 vector stores and two files a store."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_RULE: Final = "Answer in the tone of the company, and search the documents of the product before you answer."
_FACT: Final = "This paragraph describes one detail of the product, its limits and the team that can be asked.\n"


@dataclass(frozen=True, slots=True)
class Agent:
    name: str
    instructions: str
    functions: tuple[str, str]


def agents(count: int) -> Iterator[Agent]:
    rules = "".join(f"{number}. {_RULE}\n" for number in range(15))
    for number in range(count):
        functions = (f"get_order_{number}", f"cancel_order_{number}")
        yield Agent(f"agent-{number}", f"You are agent {number}.\n{rules}", functions)


def stores(count: int) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the name of each store and the paths of its files."""
    for number in range(count // 10):
        yield f"store-{number}", (f"knowledge/{number}/a.md", f"knowledge/{number}/b.md")


def parameters() -> dict[str, Any]:
    """Return the parameters of each function."""
    order = {"type": "string", "description": "The number of the order, as it is printed on the invoice."}
    lines = {"type": "boolean", "description": "Whether the lines of the order are included in the answer."}
    return {"type": "object", "properties": {"order": order, "lines": lines}, "required": ["order"]}


def write_files(root: Path, count: int) -> None:
    """Write the files of all stores; no two have the same content."""
    for _, paths in stores(count):
        for path in paths:
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"# {path}\n{_FACT * 5}")
