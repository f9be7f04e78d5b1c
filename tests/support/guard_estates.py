"""Plan inputs with chatbots and their releases: a working chatbot, and frozen copies of the objects that it used.

estate = Estate().assistant("triage").flow("flow", "triage").bot("support", pipeline="flow", published=2)
estate.release("support", 2, flow="flow", nodes=["triage"])
estate.gone("assistant/triage")
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from reconciler.planning.inputs import PlanInputs, Release
from reconciler.resources.address import Address
from reconciler.resources.assistants.model_parameters import parameter_risks
from tests.support.plan_inputs import FORMS, Worlds, live_id, ref

BOTS = replace(FORMS["page"], pointers=frozenset({"published"}), models=lambda fields: fields.get("models") or ())
AGENTS = replace(
    FORMS["agent"],
    models=lambda fields: [fields["model"]] if "model" in fields else [],
    refused=parameter_risks,
)


@dataclass
class Estate(Worlds):
    """Plan inputs whose objects are desired, applied and live, until `gone` removes their manifests."""

    releases: dict[Address, Release] = field(default_factory=dict)

    def assistant(self, name: str, **fields: Any) -> Self:
        self.synced(f"assistant/{name}", **fields)
        return self

    def flow(self, name: str, *assistants: str) -> Self:
        """Add a working pipeline with a node for each assistant."""
        self.synced(f"pipeline/{name}", nodes=[ref(f"assistant/{one}") for one in assistants])
        return self

    def bot(self, name: str, *, published: int | None = None, **uses: str) -> Self:
        """Add a working chatbot, answered by `assistant=` or `pipeline=`."""
        fields: dict[str, Any] = {kind: ref(f"{kind}/{used}") for kind, used in uses.items()}
        if published is not None:
            fields["published"] = ref(f"release/{name}@{published}")
        self.synced(f"chatbot/{name}", **fields)
        return self

    def release(
        self,
        chatbot: str,
        number: int,
        *,
        flow: str = "",
        nodes: Sequence[str] = (),
        assistant: str = "",
        new: bool = False,
        **fields: Any,
    ) -> Self:
        """Add a release of a pipeline and its assistants, or of one assistant. If it is `new`, it is only desired.

        An assistant named `triage@other.1` is pinned: the release refers to that copy.
        """
        add = self.want if new else self.synced
        suffix = f"@{chatbot}.{number}"
        used = [assistant] if assistant else nodes
        frozen = [f"assistant/{name}{suffix}" for name in used if "@" not in name]
        for copy in frozen:
            add(copy, **fields)
        answers: dict[str, Any] = {"assistant": _copy(assistant, suffix)}
        if flow:
            add(f"pipeline/{flow}{suffix}", nodes=[_copy(one, suffix) for one in nodes])
            frozen.append(f"pipeline/{flow}{suffix}")
            answers = {"pipeline": ref(f"pipeline/{flow}{suffix}")}
        release = Address("release", f"{chatbot}@{number}")
        add(str(release), digest=f"d{number}", **answers)
        self.releases[release] = Release(Address("chatbot", chatbot), frozenset(map(Address.parse, frozen)))
        return self

    def gone(self, *addresses: str) -> Self:
        """Remove the manifests of objects that stay applied and live."""
        for address in map(Address.parse, addresses):
            del self.wanted[address]
            for part in self.releases.pop(address).parts if address in self.releases else ():
                del self.wanted[part]
        return self

    def by_hand(self, address: str, **fields: Any) -> Self:
        """Change a live object without Reconciler."""
        self.objects = [live for live in self.objects if live.id != live_id(address, live.type)]
        self.live(address, **fields)
        return self

    def world(self, **options: Any) -> PlanInputs:
        resource_types = {**FORMS, "page": BOTS, "agent": AGENTS}
        return super().world(**{"resource_types": resource_types, "releases": dict(self.releases), **options})


def _copy(name: str, suffix: str) -> dict[str, str]:
    return ref(f"assistant/{name}" if "@" in name else f"assistant/{name}{suffix}")
