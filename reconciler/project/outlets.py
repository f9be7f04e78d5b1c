"""The outlets of a project, and those of them that a command may contact.

A pull request can edit `spec.outlets`, and requests to a bucket carry credentials. In CI, plans therefore read only the
outlets that the state has from an apply, and those that the workflow names.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import isabs, normpath
from typing import Final
from urllib.parse import urlsplit

from reconciler.bundles.outlets import DirectoryOutlet, Outlet
from reconciler.manifests import project_settings as settings
from reconciler.manifests.project import Project
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.s3.location import Location, check_endpoint
from reconciler.state.store import runs_in_ci

ALLOWED: Final = "RECONCILER_OUTLETS"
"""The variable with the outlets that the workflow permits, separated by white space: folders, `s3://` locations, and
endpoints, which stand for every bucket there."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class ProjectOutlet:
    """One entry of `spec.outlets`."""

    name: str
    """The name by which the state remembers the outlet on every machine: its path, or its `s3://` location."""
    outlet: Outlet
    place: Place
    endpoint: str | None = None
    """The endpoint of a bucket, if the manifest has one."""
    is_outside: bool = False
    """True for a folder outside the project folder."""
    is_link: bool = False
    """True for a folder to which a link in the project folder, or in its repository, leads out of there."""

    @property
    def entry(self) -> str:
        """The entry of `RECONCILER_OUTLETS` that apply requires in CI before it writes to the outlet; empty if none."""
        return self.endpoint or (self.name if self.is_outside else "")


@dataclass(frozen=True)
class Reachable:
    """The outlets that a command contacts, and the others."""

    outlets: Mapping[str, Outlet]
    """By name."""
    unread: tuple[ProjectOutlet, ...] = ()


def outlets_of(project: Project) -> list[ProjectOutlet]:
    """Return the outlets that the manifest of the project names."""
    return [
        _outlet(project, outlet, project.where(("spec", "outlets", index)))
        for index, outlet in enumerate(project.spec.outlets)
    ]


def recorded_outlet(project: Project, name: str) -> Outlet:
    """Return the outlet that the state remembers by this name. Raises ReconcilerError for one behind a link."""
    if name.startswith("s3://"):
        from reconciler.bundles.s3 import S3Outlet

        return S3Outlet(Location.parse(name))
    if _leads_out(project, name):
        raise ReconcilerError(_linked(name))
    return DirectoryOutlet(project.root / name)


def reachable(
    project: Project, environ: Mapping[str, str], recorded: Collection[str], *, applies: bool = False
) -> Reachable:
    """Return the outlets to contact, given the names of those that the state has `recorded`.

    In CI, an outlet is contacted if it is recorded or named in `RECONCILER_OUTLETS`. When it `applies` a plan, a
    command contacts all of them, and raises ReconcilerError if one that is neither has an endpoint of its own or is a
    folder outside the project.
    """
    found = outlets_of(project)
    new: list[ProjectOutlet] = []
    if runs_in_ci(environ):
        named = _Named.parse(environ.get(ALLOWED, ""))
        new = [one for one in found if one.name not in recorded and not named.includes(one)]
    contacted = [one for one in found if applies or one not in new]
    problems = [_linked(one.name, one.place) for one in contacted if one.is_link]
    problems += [_refused(one) for one in new if applies and one.entry]
    if problems:
        raise ReconcilerError(*problems)
    return Reachable({one.name: one.outlet for one in contacted}, () if applies else tuple(new))


@dataclass(frozen=True)
class _Named:
    """The outlets that the workflow names."""

    names: frozenset[str]
    servers: frozenset[tuple[str, int]]
    """Host and port of endpoints."""

    @classmethod
    def parse(cls, text: str) -> "_Named":
        names, servers = set[str](), set[tuple[str, int]]()
        for entry in text.split():
            try:
                if entry.startswith("s3:"):
                    names.add(Location.parse(entry).url)
                elif "://" in entry:
                    servers.add(_server(check_endpoint(entry)))
                else:
                    names.add(normpath(entry))
            except ValueError as error:
                hint = "Separate folders, s3://BUCKET/PREFIX?OPTIONS and https://HOST by spaces."
                raise ReconcilerError(Problem("bad-outlets", f"{ALLOWED} is not valid: {error}", hint=hint)) from error
        return cls(frozenset(names), frozenset(servers))

    def includes(self, outlet: ProjectOutlet) -> bool:
        return outlet.name in self.names or (outlet.endpoint is not None and _server(outlet.endpoint) in self.servers)


def _server(endpoint: str) -> tuple[str, int]:
    parts = urlsplit(endpoint)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _outlet(project: Project, outlet: settings.Outlet, place: Place) -> ProjectOutlet:
    if isinstance(outlet, settings.S3Outlet):
        from reconciler.bundles.s3 import S3Outlet

        location = outlet.s3.location
        return ProjectOutlet(location.url, S3Outlet(location), place, location.endpoint_url)
    # Normalized, so that the folder is the one that the name says, whatever links are on the way.
    path = normpath(outlet.directory)
    outside = isabs(path) or path.split("/")[0] == ".."
    folder = DirectoryOutlet(project.root / path)
    return ProjectOutlet(path, folder, place, is_outside=outside, is_link=_leads_out(project, path))


def _leads_out(project: Project, path: str) -> bool:
    root = project.root.resolve()
    written = Path(normpath(root / path))
    for home in (root, project.repository.resolve()):
        if written.is_relative_to(home):
            return not written.resolve().is_relative_to(home)
    return False


def _linked(name: str, place: Place | None = None) -> Problem:
    message = f"the outlet {name} is reached through a link that leads out of the project"
    return Problem("outlet-link", message, place, "Write the path of the folder itself, or remove the link.")


def _refused(outlet: ProjectOutlet) -> Problem:
    what = f"has the endpoint {outlet.endpoint}" if outlet.endpoint else "is a folder outside the project"
    message = f"the outlet {outlet.name} {what}, which the workflow does not name"
    hint = (
        "A pull request must not choose where credentials are sent or files are written. "
        f"To allow it, add {outlet.entry} to {ALLOWED} in the workflow."
    )
    return Problem("outlet-not-allowed", message, outlet.place, hint)
