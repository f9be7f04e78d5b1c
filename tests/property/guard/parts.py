"""The parts of manifests of small projects as plain values.

A name with `#` before it is a literal id in a manifest: `#handbook` is the live id of `vectorstore/handbook` and
`#assistant/triage` that of a saved assistant. In a list of files it is the key of an upload: its name and its digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

NEW_MODEL: Final = "gpt-6-luna"
OLD_MODEL: Final = "gpt-5-nova"
"""A model whose last day is past."""
LITERAL: Final = "#"

Target: TypeAlias = Literal["agents", "assistants", "responses"]
SAVED: Final = frozenset({"agents", "assistants"})
"""Targets whose assistants are live objects with labels; the others are documents."""
HOLDING: Final = frozenset({"assistants", "responses"})
"""Targets whose assistants have stores and files."""


@dataclass(frozen=True)
class Bot:
    answers: str
    """The address of a pipeline or an assistant, or of a frozen copy of one."""
    starts: tuple[str, ...] = ()
    """Pipelines that its triggers start."""
    published: int | None = None
    keep: int | None = None


@dataclass(frozen=True)
class Pipeline:
    nodes: tuple[str, ...] = ()
    """The assistants of its nodes, by name or as a frozen copy (`triage@support.1`)."""
    searches: tuple[str, ...] = ()
    """The stores that its nodes search."""
    moved_from: str = ""


@dataclass(frozen=True)
class Assistant:
    target: Target = "agents"
    stores: tuple[str, ...] = ()
    text: str = "Help."
    model: str = NEW_MODEL
    files: tuple[str, ...] = ()
    """The files of its code interpreter. Agents have neither stores nor files."""
    moved_from: str = ""
    credentials: tuple[str, ...] = ()
    """The credentials of the servers of an agent."""
    skills: tuple[str, ...] = ()
    """The skills in the shell of a request."""


@dataclass(frozen=True)
class Store:
    files: tuple[str, ...] = ()
    releases_live: bool = False
    """True if releases use the store itself instead of a copy."""
    moved_from: str = ""


@dataclass(frozen=True)
class Skill:
    text: str = "Take notes."
    moved_from: str = ""


@dataclass(frozen=True)
class Vault:
    moved_from: str = ""


@dataclass(frozen=True)
class Credential:
    vault: str
    server: str = "crm"
    """The server that it is for. Another server, or another vault, makes another credential."""
    moved_from: str = ""


@dataclass(frozen=True)
class Template:
    files: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    moved_from: str = ""


@dataclass(frozen=True)
class Automation:
    agent: str = ""
    """An agent by name, as a frozen copy (`triage@support.1`) or by id; a chatbot (`chatbot/support`), whose published
    release it runs; empty for an agent that is written in place."""
    template: str = ""
    """Empty for an environment that is written in place, with these files and skills."""
    files: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    vaults: tuple[str, ...] = ()
    credentials: tuple[str, ...] = ()
    """The credentials of the servers of an agent that is written in place."""
    moved_from: str = ""


@dataclass(frozen=True)
class Manifests:
    """The working tree."""

    bots: Mapping[str, Bot] = field(default_factory=dict)
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)
    assistants: Mapping[str, Assistant] = field(default_factory=dict)
    stores: Mapping[str, Store] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    """The contents of files, by path."""
    releases: "Mapping[str, Release]" = field(default_factory=dict)
    """Releases by chatbot and number: `support@3`."""
    skills: Mapping[str, Skill] = field(default_factory=dict)
    vaults: Mapping[str, Vault] = field(default_factory=dict)
    credentials: Mapping[str, Credential] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    automations: Mapping[str, Automation] = field(default_factory=dict)


@dataclass(frozen=True)
class Release:
    content: Manifests
    """The chatbot at the time of the release, and everything that it used."""
    archived: bool = False
    """True if its manifest says so."""


def is_chatbot(name: str) -> bool:
    return name.startswith("chatbot/")
