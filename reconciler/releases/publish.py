"""`publish`: which release of a chatbot applications get. Edits one line of its manifest; nothing else."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.manifests import find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.edits import Edit, write
from reconciler.releases.model import Publication
from reconciler.releases.pointer import published
from reconciler.releases.versions import listed, versions
from reconciler.resources.address import Address, release_address
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem, ReconcilerError


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
    found = versions(project, chatbot.address.name)
    if number in found and not found[number].spec.archived:
        return found[number]
    address = release_address(chatbot.address.name, number)
    hint = (
        f"Its releases are {listed(found)}." if found else f"Make the first: reconciler release {chatbot.address.name}"
    )
    if number in found:
        raise ReconcilerError(Problem("archived-release", f"{address} is archived", found[number].place, hint))
    raise ReconcilerError(Problem("unknown-release", f"there is no {address}", chatbot.place, hint))
