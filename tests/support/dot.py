"""A strict reader of the part of the DOT language that directed graphs need."""

import html
import re
from dataclasses import dataclass, field

_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>\w+)|(?P<sign>->|[{}\[\];=,]))', re.DOTALL)


@dataclass
class Graph:
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """The labels as Graphviz draws them: with escapes and HTML entities replaced."""
        return [html.unescape(_unescaped(one["label"])) for one in self.nodes.values()]


def read(source: str) -> Graph:
    """Return the graph; raise ValueError where `source` does not follow the grammar."""
    tokens = _tokens(source)
    _expect(tokens, "digraph")
    _name(tokens)
    _expect(tokens, "{")
    graph = Graph()
    while tokens[0] != "}":
        name = _name(tokens)
        if tokens[0] == "=":
            tokens.pop(0)
            _name(tokens)
        elif tokens[0] == "->":
            tokens.pop(0)
            graph.edges.append((name, _name(tokens)))
            _attributes(tokens)
        elif name == "node":
            _attributes(tokens)
        else:
            if name in graph.nodes:
                raise ValueError(f"{name!r} is there twice")
            graph.nodes[name] = _attributes(tokens)
        _expect(tokens, ";")
    _expect(tokens, "}")
    if tokens:
        raise ValueError(f"after the end: {tokens[:3]}")
    for end in (end for edge in graph.edges for end in edge):
        if end not in graph.nodes:
            raise ValueError(f"{end!r} is not declared")
    return graph


def _tokens(source: str) -> list[str]:
    found, at = [], 0
    while source[at:].strip():
        token = _TOKEN.match(source, at)
        if token is None:
            raise ValueError(f"cannot be read: {source[at : at + 40]!r}")
        found.append(token[0].strip())
        at = token.end()
    return found


def _attributes(tokens: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if tokens[0] != "[":
        return found
    tokens.pop(0)
    while tokens[0] != "]":
        key = _name(tokens)
        _expect(tokens, "=")
        found[key] = _name(tokens)
        if tokens[0] == ",":
            tokens.pop(0)
    tokens.pop(0)
    return found


def _name(tokens: list[str]) -> str:
    token = tokens.pop(0)
    if token.startswith('"'):
        return token[1:-1].replace('\\"', '"')
    if not re.fullmatch(r"\w+", token):
        raise ValueError(f"{token!r} is not a name")
    return token


def _expect(tokens: list[str], wanted: str) -> None:
    token = tokens.pop(0) if tokens else "the end"
    if token != wanted:
        raise ValueError(f"{token!r} instead of {wanted!r}")


def _unescaped(label: str) -> str:
    return re.sub(r"\\(.)", lambda found: found[1] if found[1] == "\\" else f"<escape {found[1]}>", label)
