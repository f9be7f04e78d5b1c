"""The releases of a chatbot that the manifests have, and the numbers that they have used."""

from collections.abc import Iterator, Mapping

from reconciler.manifests.moving import CHATBOT, present_names
from reconciler.project.all_environments import AllEnvironments
from reconciler.resources.address import RELEASE, Address, version_of
from reconciler.resources.base import Resource


def versions(project: AllEnvironments, chatbot: str) -> dict[int, Resource]:
    """Releases by number, oldest first; archived ones too, and those that were made under an earlier name."""
    found: dict[int, Resource] = {}
    for name in names(project, chatbot):
        found = dict(_versions(project.resources, name)) | found
    return dict(sorted(found.items()))


def names(project: AllEnvironments, chatbot: str) -> tuple[str, ...]:
    """The name of a chatbot, and the earlier ones that nothing else has by now."""
    now = present_names(project.resources.values())
    return (chatbot, *(former.name for former, address in now.items() if address == Address(CHATBOT, chatbot)))


def _versions(resources: Mapping[Address, Resource], chatbot: str) -> Iterator[tuple[int, Resource]]:
    for address, resource in resources.items():
        found = version_of(address.name) if address.kind == RELEASE else None
        if found and found[0] == chatbot:
            yield found[1], resource


def listed(found: Mapping[int, Resource]) -> str:
    """Which releases there are, for people: `1, 2 and 4 (3 is archived)`."""
    kept = [str(number) for number, resource in found.items() if not resource.spec.archived]
    gone = [str(number) for number, resource in found.items() if resource.spec.archived]
    archived = f"{_and(gone)} {'is' if len(gone) == 1 else 'are'} archived" if gone else ""
    if not kept:
        return archived
    return f"{_and(kept)} ({archived})" if archived else _and(kept)


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
