"""The releases of a chatbot that a rollback can publish: which of them is the default, and why others are not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from reconciler.planning.inputs import PlanInputs
from reconciler.planning.release_retention import published_releases, without_assistant
from reconciler.project.all_environments import AllEnvironments
from reconciler.project.workspace import Workspace, raise_errors
from reconciler.releases.model import Leaving
from reconciler.releases.pointer import unpublishable
from reconciler.resources.address import RELEASE, Address, release_number
from reconciler.resources.base import Applied, Resource
from reconciler.resources.problems import Problem, ReconcilerError, env_option
from reconciler.resources.registry import resource_types
from reconciler.state.model import State
from reconciler.state.publications import published_in


@dataclass(frozen=True)
class Default:
    """The release that a rollback without a number publishes, and those published later that it leaves out."""

    number: int
    archived: tuple[int, ...] = ()
    leaving: tuple[Leaving, ...] = ()
    unpublishable: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Candidates:
    """The releases of a chatbot that a rollback can publish, and why it cannot publish others."""

    project: AllEnvironments
    chatbot: Resource
    workspace: Workspace
    state: State
    verb: str = "rollback"
    """The command that hints name."""
    options: str = ""
    """Its further options."""

    @property
    def entry(self) -> Applied | None:
        names = self.project.names_of(self.chatbot.address.name)
        found = (self.state.objects.get(Address(self.chatbot.address.kind, name)) for name in names)
        return next(filter(None, found), None)

    @cached_property
    def archived(self) -> set[int]:
        """The numbers that are archived by the manifest, or in the state, which an apply archived for another reason:
        a removed assistant, or `releases.keep`.
        """
        return {number for number, one in self._releases.items() if one.spec.archived} | self._among(
            self.state.tombstones
        )

    @cached_property
    def _releases(self) -> dict[int, Resource]:
        return self.project.releases_of(self.chatbot.address.name)

    @cached_property
    def _live(self) -> set[int]:
        return self._among(self.state.objects)

    def _among(self, addresses: Iterable[Address]) -> set[int]:
        names = self.project.names_of(self.chatbot.address.name)
        return {release_number(one) for one in addresses if one.kind == RELEASE and one.family.name in names}

    def faults(self, number: int) -> list[Problem]:
        """Return why a release that is not archived cannot be published; empty if it can."""
        release = self._releases[number]
        if number not in self._live:
            return [Problem("dead-release", f"{release.address} is not live", release.place)]
        return unpublishable(self.project, self.chatbot, release, [self.workspace.identity.environment])

    @cached_property
    def lacking(self) -> dict[int, Leaving]:
        """The live releases that use an assistant without a manifest. None while manifests have errors, which may hide
        one, and which no apply ignores.
        """
        if any(one.severity == "error" for one in self.project.problems()):
            return {}
        releases = {self._releases[number].address: number for number in self._live & self._releases.keys()}
        found = without_assistant(self._inputs, releases)
        return {releases[one]: Leaving(releases[one], str(one), str(lost)) for one, lost in found.items()}

    @cached_property
    def leaving(self) -> dict[int, Leaving]:
        """Those of them that the next apply archives: it is refused if a published release uses the assistant, too."""
        if not self.lacking:
            return {}
        published = without_assistant(self._inputs, published_releases(self._inputs).values())
        refused = {str(lost) for lost in published.values()}
        return {number: one for number, one in self.lacking.items() if one.assistant not in refused}

    @cached_property
    def _inputs(self) -> PlanInputs:
        """The manifests and the state as inputs of a plan, without live objects."""
        return PlanInputs(
            identity=self.workspace.identity,
            resource_types=resource_types(),
            desired=self.workspace.desired,
            applied=self.state.objects,
            live=(),
            releases=self.workspace.releases,
            tombstones=self.state.tombstones,
            settings=self.workspace.loaded.project.guard_settings,
            recorded=self.state.settings,
        )

    def check(self, number: int) -> None:
        """Raise ReconcilerError if the state has release `number` as archived."""
        release = self._releases.get(number)
        if release and number in self.archived and not release.spec.archived:
            message = f"{release.address} is archived in the state of {self.workspace.identity}, and not restored"
            raise ReconcilerError(Problem("archived-release", message, release.place, self._hint()))

    def before(self) -> Default:
        """Return the release that was published before the present one, and those between them that are left out: the
        archived ones, those that the next apply archives, and the reasons for others.

        The state is read, and not the outlets: a rollback that is interrupted before the state has it, and is repeated,
        has the same default.
        """
        archived: list[int] = []
        leaving: list[Leaving] = []
        others: list[Problem] = []
        for release in reversed(self.entry.published_before if self.entry else ()):
            number = release_number(Address.parse(release))
            if number not in self._releases:  # an error may hide its manifest
                raise_errors(self.project.problems())
            if number in self.archived or number not in self._releases:
                archived.append(number)
            elif faults := self.faults(number):
                others += faults
            elif number in self.leaving:
                leaving.append(self.leaving[number])
            else:
                return Default(number, tuple(archived), tuple(leaving), tuple(others))
        raise ReconcilerError(self._nothing_before(archived, leaving, others))

    def _nothing_before(self, archived: list[int], leaving: list[Leaving], others: list[Problem]) -> Problem:
        environment, current = self.workspace.identity.environment, self._current
        where = f" in {environment}" if environment else ""
        earlier = f"before release {current}" if current else "before"
        message = f"the state records no release of {self.chatbot.address}{where} that was published {earlier}"
        if self._rolled_back_from:
            message += f", to which it was already rolled back from release {self._rolled_back_from}"
        if archived:
            message += f" and is not archived: {', '.join(map(str, archived))} cannot be published again"
        elif leaving:
            message += " and stays"
        if leaving:
            listed, one = ", ".join(str(one.number) for one in leaving), leaving[0]
            message += f"; the next apply archives {listed}, because {one.assistant} has no manifest any longer"
        message = "; ".join((message, *(one.message for one in others)))
        return Problem("no-earlier-release", message, hint=self._hint(leaving))

    @property
    def _current(self) -> int | None:
        current = published_in(self.entry) if self.entry else None
        return release_number(current) if current else None

    @property
    def _rolled_back_from(self) -> int | None:
        """The release from which the present one was rolled back to; None if it was published in another way."""
        entry = self.entry
        if entry is None or not (entry.rolled_back_by and entry.rolled_back):
            return None
        return release_number(Address.parse(entry.rolled_back[-1]))

    def _hint(self, leaving: Sequence[Leaving] = ()) -> str:
        """Return how to publish another release than the present one; `leaving` are live, and left out of a default."""
        name, env = self.chatbot.address.name, env_option(self.workspace.identity.environment)
        if leaving:
            number = leaving[0].number
            return f"Release {number} is still live. To publish it all the same, run `{self._command(str(number))}`."
        open_ = [number for number in self._releases if number not in self.archived | {self._current}]
        others = [number for number in open_ if not self.faults(number)]
        if others:
            listed, last = ", ".join(map(str, others)), self._rolled_back_from
            forward = f"To undo the rollback, run `{self._command(str(last))}`. " if last in others else ""
            return f"{forward}To publish another release, name it: `{self._command('NUMBER')}`. Releases: {listed}."
        waiting = [number for number in open_ if number not in self._live]
        if waiting:
            commands = f"`reconciler publish {name} {waiting[-1]}{env}`, then `reconciler apply{env}`"
            return f"Release {waiting[-1]} is not applied yet. To publish it: {commands}."
        return f"No other release can be published. To create one, run `reconciler release {name}`."

    def _command(self, number: str) -> str:
        """Return the command line of the present verb for another release."""
        env = env_option(self.workspace.identity.environment)
        return f"reconciler {self.verb} {self.chatbot.address.name} {number}{env}{self.options}"
