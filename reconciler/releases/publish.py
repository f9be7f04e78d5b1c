"""`publish`: which release of a chatbot applications get. Edits one line of its manifest; nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.manifests import find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.edits import Edit, write
from reconciler.releases.pointer import Move, published
from reconciler.resources.address import Address, release_address
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem, ReconcilerError


@dataclass(frozen=True)
class Publication:
    """What is published after an edit."""

    chatbot: str
    number: int | None
    moves: tuple[Move, ...]
    """Empty where it was published already."""
    path: str
    """Of the manifest, relative to the project folder."""


def publish(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int | None, *, env: str | None = None
) -> Publication:
    """Edit the manifest of a chatbot so that it publishes a release, or none, in `env` or in all environments.

    ReconcilerError, and nothing is written, for a release that does not exist, or that is archived.
    """
    project = load_all_environments(find_project(start))
    done, edit = publication(project, chatbot, number, env or environ.get("RECONCILER_ENV") or None)
    if done.moves:
        write(project.root, [edit])
    return done


def publication(
    project: AllEnvironments, chatbot: str, number: int | None, env: str | None
) -> tuple[Publication, Edit]:
    """What `publish` comes to, and the edit that is to be written."""
    found = project.named(Address("chatbot", chatbot))
    release = None if number is None else _release(project, found, number)
    moves, edit = published(project, found, release, env)
    return Publication(chatbot, number, moves, edit.path), edit


def _release(project: AllEnvironments, chatbot: Resource, number: int) -> Resource:
    found = project.releases_of(chatbot.address.name)
    if number in found and not found[number].spec.archived:
        return found[number]
    address = release_address(chatbot.address.name, number)
    hint = (
        f"Its releases are {_listed(found)}." if found else f"Make the first: reconciler release {chatbot.address.name}"
    )
    if number in found:
        raise ReconcilerError(Problem("archived-release", f"{address} is archived", found[number].place, hint))
    raise ReconcilerError(Problem("unknown-release", f"there is no {address}", chatbot.place, hint))


def _listed(found: Mapping[int, Resource]) -> str:
    """Which releases there are, for people: `1, 2 and 4 (3 is archived)`."""
    kept = [str(number) for number, resource in found.items() if not resource.spec.archived]
    gone = [str(number) for number, resource in found.items() if resource.spec.archived]
    archived = f"{_and(gone)} {'is' if len(gone) == 1 else 'are'} archived" if gone else ""
    if not kept:
        return archived
    return f"{_and(kept)} ({archived})" if archived else _and(kept)


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
