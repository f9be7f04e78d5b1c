"""The release of a switched chatbot, and its pointer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.migration.redirects import Edits
from reconciler.project.all_environments import AllEnvironments
from reconciler.releases.comparison import compare_versions
from reconciler.releases.diff import of_release, of_working
from reconciler.releases.model import Move
from reconciler.releases.pointer import chosen, published_numbers, set_published
from reconciler.releases.release import next_release, working_content
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Resource
from reconciler.resources.problems import Problem
from reconciler.resources.releases.content import content_digest, lacking


@dataclass(frozen=True)
class Published:
    """The release that a switched chatbot publishes."""

    release: Address
    is_new: bool
    """False if an earlier release has the same content."""
    moves: tuple[Move, ...]


def publish_switched(
    before: AllEnvironments, after: AllEnvironments, chatbot: Resource, env: str | None, message: str, edits: Edits
) -> Published | None:
    """Publish a release of the project `after` where the chatbot is published, or only in `env`; return None if it is
    not published there.

    An earlier release with the same content is published again. Without a `message` no release is made.
    """
    numbers = published_numbers(before, chatbot)
    where = tuple(name for name in chosen(before, env) if numbers.get(name))
    if not where:
        return None
    name = chatbot.address.name
    working = working_content(after, name)
    digest = content_digest(working.content)
    known = [one for one in after.releases_of(name).values() if not one.spec.archived]
    found = next((one for one in reversed(known) if one.spec.digest == digest), None)
    release = found
    if release is None:
        if not message:
            return None
        release, written = next_release(after, working, message)
        edits.put(written.path, written.after or "")
    moves, edit = set_published(after, after.named(chatbot.address), release, where, edits.texts)
    if moves:
        edits.put(edit.path, edit.after or "", edit.before)
    now = {**numbers, **{move.environment: move.after for move in moves}}
    lost = {move.before for move in moves if move.before} - {*now.values()}
    edits.refusals += _not_kept(chatbot, [*known, release], lost)
    if found is None:
        edits.warnings += _unreleased(before, chatbot, release, {move.environment: move.before for move in moves})
    return Published(release.address, found is None, moves)


def _not_kept(chatbot: Resource, releases: list[Resource], before: set[int]) -> Iterator[Problem]:
    """Yield a problem if the retention of releases would archive the release to which a rollback leads."""
    keep = chatbot.spec.releases.keep if chatbot.spec.releases else None
    numbers = sorted({release_number(one.address) for one in releases})
    for number in sorted(before - set(numbers[-keep:])) if keep else ():
        message = f"`releases.keep: {keep}` archives release {number}, so that it cannot be published again"
        hint = f"Set `releases.keep` to {len(numbers) - numbers.index(number)} or more until the switch is final."
        yield Problem("rollback-archived", message, chatbot.place, hint)


def _unreleased(
    project: AllEnvironments, chatbot: Resource, release: Resource, before: Mapping[str | None, int | None]
) -> Iterator[Problem]:
    """Yield a warning if the new release contains changes that were made since the published one."""
    name = chatbot.address.name
    releases = project.releases_of(name)
    for loaded in project.loads:
        environment = loaded.project.identity.environment
        old = releases.get(before.get(environment) or 0)
        if old is None or old.spec.content is None or lacking(old.spec.content, environment):
            continue
        found = compare_versions(of_release(old, loaded), of_working(project, chatbot.address, loaded), environment)
        if not found.same:
            changed = [*(str(one.address) for one in found.objects), *(one.path for one in found.files)]
            changed += [one.name for one in found.variables]
            message = f"{release.address} also publishes changes since {old.address}: {', '.join(changed)}"
            hint = f"To review them: reconciler diff {name}@{release_number(old.address)} {name}"
            yield Problem("unreleased-changes", message, chatbot.place, hint, severity="warning")
            return
