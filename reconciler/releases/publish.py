"""`publish` and `promote`: set the published release of a chatbot by editing one line of its manifest."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from reconciler.manifests import find_project
from reconciler.project.all_environments import AllEnvironments, load_all_environments
from reconciler.project.destroyed import check_publishable
from reconciler.project.edits import Edit, write
from reconciler.releases.comparison import Comparison, compare_versions
from reconciler.releases.diff import of_release
from reconciler.releases.model import Move, Publication
from reconciler.releases.pointer import chosen, published_numbers, set_published
from reconciler.resources.address import Address, release_address
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem, ReconcilerError


def publish(
    start: Path, environ: Mapping[str, str], chatbot: str, number: int | None, *, env: str | None = None
) -> Publication:
    """Edit the manifest of a chatbot so that it publishes a release, or none, in `env` or in all environments.

    Raises ReconcilerError and writes nothing if the release does not exist or is archived.
    """
    project = load_all_environments(find_project(start), environ)
    done, edit = publication(project, chatbot, number, env or environ.get("RECONCILER_ENV") or None)
    if number is not None:
        release = project.releases_of(chatbot)[number].address
        check_publishable(project.opened(environ, (move.environment for move in done.moves)), release)
    if done.moves:
        write(project.root, [edit])
    return done


def promote(
    start: Path, environ: Mapping[str, str], chatbot: str, source: str, target: str, *, dry_run: bool = False
) -> tuple[Publication, Edit]:
    """Edit the manifest of a chatbot so that the environment `target` publishes the release that `source` publishes.
    With `dry_run`, nothing is written.

    Raises ReconcilerError and writes nothing if `source` publishes no release, if `target` cannot publish it, or if
    one of them is destroyed: what its manifests publish was withdrawn.
    """
    project = load_all_environments(find_project(start), environ)
    for environment in (source, target):
        chosen(project, environment)
    found = project.named(Address("chatbot", chatbot))
    number = published_numbers(project, found)[source]
    if number is None:
        hint = f"To publish one there, run `reconciler publish {chatbot} NUMBER --env {source}`."
        raise ReconcilerError(
            Problem("no-published-release", f"{found.address} publishes no release in {source}", found.place, hint)
        )
    done, edit = publication(project, chatbot, number, target)
    check_publishable(project.opened(environ, (source,)))
    check_publishable(project.opened(environ, (target,)), project.releases_of(chatbot)[number].address)
    if done.moves and not dry_run:
        write(project.root, [edit])
    return done, edit


def publication(
    project: AllEnvironments, chatbot: str, number: int | None, env: str | None
) -> tuple[Publication, Edit]:
    """Return the result of `publish`, and the edit to write."""
    found = project.named(Address("chatbot", chatbot))
    release = None if number is None else release_of(project, found, number)
    moves, edit = set_published(project, found, release, chosen(project, env))
    moves = tuple(replace(move, changes=_changes(project, found, move)) for move in moves)
    return Publication(chatbot, number, moves, edit.path, found.place.file, project.warnings()), edit


def _changes(project: AllEnvironments, chatbot: Resource, move: Move) -> Comparison | None:
    """Return the differences that the users of the chatbot in one environment notice."""
    found = project.releases_of(chatbot.address.name)
    before, after = (found.get(number or 0) for number in (move.before, move.after))
    if before is None or after is None:
        return None
    loaded = next(one for one in project.loads if one.project.identity.environment == move.environment)
    with suppress(ReconcilerError):  # the present release may be archived, or from before the environment
        return compare_versions(of_release(before, loaded), of_release(after, loaded), move.environment)
    return None


def release_of(project: AllEnvironments, chatbot: Resource, number: int) -> Resource:
    """Return a release of a chatbot; raises ReconcilerError if it does not exist or is archived."""
    found = project.releases_of(chatbot.address.name)
    if number in found and not found[number].spec.archived:
        return found[number]
    address = release_address(chatbot.address.name, number)
    known = f"Existing releases: {_listed(found)}." if found else ""
    if all(resource.spec.archived for resource in found.values()):
        known = f"{known} To create one: `reconciler release {chatbot.address.name}`".lstrip()
    hint = known
    if number in found:
        raise ReconcilerError(Problem("archived-release", f"{address} is archived", found[number].place, hint))
    raise ReconcilerError(Problem("unknown-release", f"{address} does not exist", chatbot.place, hint))


def _listed(found: Mapping[int, Resource]) -> str:
    """Return the releases as text: `1, 2 and 4 (3 is archived)`."""
    kept = [str(number) for number, resource in found.items() if not resource.spec.archived]
    old = [str(number) for number, resource in found.items() if resource.spec.archived]
    archived = f"{_and(old)} {'is' if len(old) == 1 else 'are'} archived" if old else ""
    if not kept:
        return archived
    return f"{_and(kept)} ({archived})" if archived else _and(kept)


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
