"""Manifests of targets whose API OpenAI ended."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.live.openai_host import OPENAI
from reconciler.manifests import Loaded
from reconciler.project.endpoint import is_openai
from reconciler.resources.problems import Place, Problem, ReconcilerError
from reconciler.resources.registry import resource_types
from reconciler.resources.resource_type import Shutdown


@dataclass(frozen=True, slots=True)
class Ended:
    """A manifest of a target whose API OpenAI ended."""

    address: str
    place: Place
    shutdown: Shutdown

    @property
    def message(self) -> str:
        return f"{OPENAI} no longer serves {self.shutdown.api}: OpenAI ended it on {self.shutdown.on}"

    @property
    def hint(self) -> str:
        return (
            f"To move it to another target, run `{self.shutdown.migration}`. To use a server that serves this API, set "
            "RECONCILER_ENDPOINT to its URL."
        )


def check_not_ended(loaded: Loaded, endpoint: str | None) -> None:
    """Raise ReconcilerError for the manifests that `ended` yields."""
    if problems := [Problem("target-ended", one.message, one.place, one.hint) for one in ended(loaded, endpoint)]:
        raise ReconcilerError(*problems)


def ended(loaded: Loaded, endpoint: str | None) -> Iterator[Ended]:
    """Yield the manifests with objects of an API that OpenAI ended, if the endpoint of the project is OpenAI."""
    if not is_openai(endpoint):
        return
    shutdowns = {name: one.shutdown for name, one in resource_types().items() if one.shutdown}
    for resource in loaded.resources:
        for name in sorted(shutdowns.keys() & loaded.types_of(resource)):
            yield Ended(str(resource.address), resource.where(("spec", "target")), shutdowns[name])
