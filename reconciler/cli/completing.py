"""Values that shells complete: names of the project, kinds, fields and codes. Nothing is requested or loaded."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeAlias

import click

Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], list[str]]

_PREFIXES: Final = {"ChatbotVersion": "release", "EnvironmentTemplate": "template"}
"""First parts of addresses that are not the kind in lower case. The registry of kinds is too slow for a shell."""
_PROJECT: Final = "Project"
WITHOUT_OBJECT: Final = frozenset({_PROJECT, "Consent"})
"""Kinds whose manifests describe no object: commands about objects do not take their addresses."""
_CHATBOT: Final = "chatbot"
RULES: Final = ("cost", "protected", "referenced", "release-drift", "retired-model", "threshold", "wrong-project")
"""The rules that a consent can permit; see `operations.consent`."""
_RELEASE: Final = "release"


def prefix_of(kind: str) -> str:
    """Return the first part of the addresses of a kind."""
    return _PREFIXES.get(kind, kind.lower())


def environments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from reconciler.project import names

    return _fitting(names.environments(_start(ctx)), incomplete)


def destroyable(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the environments of the project, and those that only have a local state."""
    from reconciler.project import names

    return _fitting([*names.environments(_start(ctx)), *names.environments_with_state(_start(ctx))], incomplete)


def addresses(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return addresses that are not on the command line yet, as `assistant/triage` and `release/support@1`."""
    given = ctx.params.get(param.name or "") or ()
    return _fitting([one for one in _addresses(ctx) if one not in given], incomplete)


def commands(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Return the commands, or the subcommands of the group that is on the command line."""
    group: click.Command | None = ctx.find_root().command
    for word in ctx.params.get(param.name or "") or ():
        group = group.get_command(ctx, word) if isinstance(group, click.Group) else None
    return _fitting(group.list_commands(ctx), incomplete) if isinstance(group, click.Group) else []


def consented(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return what a plan may refuse to change: objects, and the project for the plan as a whole."""
    projects = [f"{_PROJECT.lower()}/{name}" for name in _names(ctx, _PROJECT.lower())]
    return _fitting([*_addresses(ctx), *projects], incomplete)


def rules(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the rules that a consent can permit."""
    return _fitting(RULES, incomplete)


def chatbots(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    return _fitting(_names(ctx, _CHATBOT), incomplete)


def versions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return chatbots and their releases, as `support` and `support@1`."""
    return _fitting([*_names(ctx, _CHATBOT), *_names(ctx, _RELEASE)], incomplete)


def numbers(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the numbers of the releases of the chatbot on the command line, the newest first, and `none`."""
    return [*release_numbers(ctx, _param, incomplete), *(["none"] if "none".startswith(incomplete) else [])]


def release_numbers(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the numbers of the releases of the chatbot on the command line, the newest first."""
    chatbot = str(ctx.params.get(_CHATBOT) or "").removeprefix(f"{_CHATBOT}/")
    found = [name.partition("@")[2] for name in _names(ctx, _RELEASE) if name.partition("@")[0] == chatbot]
    known = sorted(filter(str.isdecimal, found), key=int, reverse=True)
    return [one for one in known if one.startswith(incomplete)]


def bundles(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return what can be exported: chatbots, their drafts and releases, and other objects by address."""
    drafts = [f"{_CHATBOT}/{name}@working" for name in _names(ctx, _CHATBOT)]
    released = [f"{_CHATBOT}/{name}" for name in _names(ctx, _RELEASE)]
    others = [one for one in _addresses(ctx) if not one.startswith(f"{_RELEASE}/")]
    return _fitting([*drafts, *released, *others], incomplete)


def kinds(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the first parts of addresses."""
    from reconciler.explanations.explain import schema

    return _fitting([prefix_of(kind.name) for kind in schema().kinds if kind.name != _PROJECT], incomplete)


def totals(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the keys of totals; names of labels and metadata follow the dot."""
    return _fitting(("type", "owner", "project", "environment", "label.", "metadata."), incomplete)


def topics(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Return the kinds, the codes and the terms, or the fields below the path that is being written."""
    from reconciler.explanations.codes import explanations, page
    from reconciler.explanations.explain import schema
    from reconciler.explanations.glossary import key, terms

    path, dot, part = incomplete.rpartition(".")
    if dot:
        found = schema().below(path.split("."))
        return _fitting([f"{path}.{name}" for name in found], f"{path}.{part}")
    codes = [one.code for one in explanations(page())] if incomplete else []
    words = [key(one.term) for one in terms()] if incomplete else []
    return _fitting([*(kind.name.lower() for kind in schema().kinds), *codes, *words], incomplete)


def _start(ctx: click.Context) -> Path:
    return Path(ctx.params.get("start") or ctx.params.get("into") or ".")


def _names(ctx: click.Context, prefix: str) -> list[str]:
    from reconciler.project import names

    return [name for kind, name in names.manifests(_start(ctx)) if prefix_of(kind) == prefix]


def _addresses(ctx: click.Context) -> list[str]:
    from reconciler.project import names

    return [f"{prefix_of(kind)}/{name}" for kind, name in names.manifests(_start(ctx)) if kind not in WITHOUT_OBJECT]


def _fitting(values: Iterable[str], incomplete: str) -> list[str]:
    return sorted({value for value in values if value.startswith(incomplete)})
