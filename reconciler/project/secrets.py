"""Secrets in the environment: the ones that a plan sends, and their values at the moment of a request."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from reconciler.planning.build import Planned
from reconciler.planning.model import CREATES, Change
from reconciler.resources.address import Address
from reconciler.resources.base import Desired
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.resource_type import ResourceType
from reconciler.state.store import runs_in_ci

ALLOWED: Final = "RECONCILER_ENV_ALLOW"
_BREAKS: Final = frozenset("\r\n\0")


@dataclass(frozen=True)
class Secrets:
    """The secrets of the environment. No message and no representation contains a value."""

    environ: Mapping[str, str]

    def __repr__(self) -> str:
        return "Secrets()"

    def value(self, name: str) -> str:
        """Return the present value of a variable; raise ReconcilerError if it must not be read, or has none."""
        problem = self.problem(name)
        if problem is not None:
            raise ReconcilerError(problem)
        return self.environ[name]

    def problem(self, name: str, subject: str = "", place: Place | None = None) -> Problem | None:
        """Return the reason why a variable cannot be used as a secret, if there is one."""
        about = f"{subject}: " if subject else ""
        allowed = self._allowed()
        if allowed is not None and name not in allowed:
            message = f"{about}this job must not read the environment variable {name}"
            hint = f"Add {name} to {ALLOWED} in the workflow, separated by commas."
            return Problem("secret-not-allowed", message, place, hint)
        value = self.environ.get(name)
        if not value:
            state = "is not set" if value is None else "is empty"
            return Problem(
                "secret-missing", f"{about}the environment variable {name} {state}", place, f"Set {name} to the secret."
            )
        if not _BREAKS.isdisjoint(value):
            message = f"{about}the value of the environment variable {name} contains a line break or a null character"
            return Problem("secret-invalid", message, place, "Set it again without the line break at its end.")
        if not _is_text(value):
            message = f"{about}the value of the environment variable {name} is not valid UTF-8"
            return Problem("secret-invalid", message, place, f"Set {name} to the secret.")
        return None

    def _allowed(self) -> Collection[str] | None:
        """Return the variables that may be read; None for all. In CI the workflow names them, not the manifests."""
        if ALLOWED not in self.environ and not runs_in_ci(self.environ):
            return None
        return self.environ.get(ALLOWED, "").replace(",", " ").split()

    def check(self, planned: Planned) -> None:
        """Raise ReconcilerError with every secret that a plan sends and that cannot be read."""
        found = (
            self.problem(name, str(desired.address), desired.place)
            for desired in _sending(planned)
            for name in sorted(set(desired.secrets.values()))
        )
        problems = tuple(dict.fromkeys(problem for problem in found if problem))
        if problems:
            raise ReconcilerError(*problems)


def _sending(planned: Planned) -> Iterator[Desired]:
    """Yield the objects whose secrets a plan sends, each once."""
    inputs, seen = planned.inputs, set[Address]()
    for change in planned.plan.work:
        desired = inputs.desired.get(Address.parse(change.address))
        if desired is None or not desired.secrets or desired.address in seen:
            continue
        if _sends(inputs.resource_types[desired.type], desired, change):
            seen.add(desired.address)
            yield desired


def _sends(resource_type: ResourceType, desired: Desired, change: Change) -> bool:
    """Return True for a create, and for an update that renews the secrets or writes a field with secrets whole."""
    whole = {path[0] for path in desired.secrets} & {*resource_type.write_only, *resource_type.unreadable_in.values()}
    written = {resource_type.written_with(item.keys[0]) for item in change.fields}
    renewed = not written.isdisjoint({resource_type.renewed_by, *whole})
    return change.action in CREATES or (change.action == "update" and renewed)


def _is_text(value: str) -> bool:
    """Return False for bytes that are no UTF-8, which the environment has as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)
