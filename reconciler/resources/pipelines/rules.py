"""Rules of single nodes that the models cannot check with an exact path."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from reconciler.resources.base import Path
from reconciler.resources.pipelines.graph import END, START
from reconciler.resources.pipelines.nodes import Code, Custom, Node, Routing
from reconciler.resources.problems import Finding

_NAME: Final = re.compile(r"[A-Za-z0-9](?:[-_A-Za-z0-9]*[A-Za-z0-9])?")


def check(nodes: Mapping[str, Node]) -> Iterator[Finding]:
    for name, node in nodes.items():
        place: Path = ("spec", "nodes", name)
        yield from _check_name(name, place)
        yield from _check_parameters(node, place)
        if isinstance(node, Routing):
            yield from _check_keywords(node, place)
        if isinstance(node, Code):
            yield from _check_code(node.code, (*place, "code"))


def _check_name(name: str, place: Path) -> Iterator[Finding]:
    if name in {START, END}:
        hint = "Remove the node: every pipeline has it."
        yield Finding(place, "reserved-node", f"the name {name!r} is reserved", hint, on_key=True)
    elif len(name) > 63 or not _NAME.fullmatch(name):
        hint = "Use letters, digits, - and _, at most 63, starting and ending with a letter or digit."
        yield Finding(place, "node-name", f"{name!r} is not a valid name of a node", hint, on_key=True)


def _check_parameters(node: Node, place: Path) -> Iterator[Finding]:
    """Yield a warning for each unknown parameter that is similar to a known one. Unknown parameters are passed on."""
    if isinstance(node, Custom):
        return
    for name in node.model_extra or ():
        if close := get_close_matches(name, type(node).model_fields.keys() - node.model_fields_set, n=1, cutoff=0.8):
            message = f"the parameter {name!r} is unknown, and is passed on unchanged"
            hint = f"Did you mean {close[0]}?"
            yield Finding((*place, name), "unknown-parameter", message, hint, "warning", on_key=True)


def _check_keywords(node: Routing, place: Path) -> Iterator[Finding]:
    seen = Counter[str]()
    for index, keyword in enumerate(node.keywords):
        folded = keyword.strip().upper()
        seen[folded] += 1
        if not folded:
            yield Finding((*place, "keywords", index), "empty-keyword", "a keyword must not be empty")
        elif seen[folded] == 2:
            message = f"the keyword {folded} is repeated; case is ignored"
            yield Finding((*place, "keywords", index), "duplicate-keyword", message)
    if node.default_keyword is not None and node.default_keyword.strip().upper() not in seen:
        message = f"default_keyword {node.default_keyword!r} is not one of the keywords"
        hint = f"Write one of {', '.join(node.keywords)}."
        yield Finding((*place, "default_keyword"), "unknown-keyword", message, hint)


def _check_code(code: str, place: Path) -> Iterator[Finding]:
    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(code)
    except SyntaxError as error:
        yield Finding(place, "code-syntax", f"line {error.lineno} of the code: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        yield Finding(place, "code-syntax", f"the code cannot be read: {error or 'it is nested too deeply'}")
    else:
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        if not any(isinstance(statement, functions) and statement.name == "main" for statement in module.body):
            message = "the code does not define the function `main`"
            yield Finding(place, "code-main", message, "Write `def main(input, **kwargs): …`.")
