"""The measured steps, and the ratios that each should not exceed."""

from dataclasses import dataclass, field
from typing import Final, Literal

Other = Literal["Terraform", "before"]


@dataclass(frozen=True, slots=True)
class Bar:
    """Largest ratio of CPU, and of peak memory if that has one."""

    cpu: float
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    other: Other
    ours: tuple[str, ...]
    """Arguments of `reconciler`."""
    theirs: tuple[str, ...] = ()
    """Arguments of Terraform. Without them, the earlier version of Reconciler gets the arguments of ours."""
    cached: bool = False
    """True if the cache of manifests is filled; otherwise it is off."""
    bars: dict[int, Bar] = field(default_factory=dict)
    """By number of agents."""


_PLAN: Final = ("plan", "-no-color", "-input=false")
_AGENT: Final = "assistant/agent-7"

NEW: Final = (Step("plan, all objects are new", "Terraform", ("plan",), _PLAN),)
"""Before the first apply."""

APPLIED: Final = (
    Step("validate", "Terraform", ("validate",), ("validate",), bars={1_000: Bar(0.6), 10_000: Bar(0.4)}),
    Step("validate, cached", "Terraform", ("validate",), ("validate",), True, {1_000: Bar(0.4), 10_000: Bar(0.1)}),
    Step("plan, no changes", "Terraform", ("plan",), _PLAN, bars={1_000: Bar(0.30, 0.25), 10_000: Bar(0.12, 0.09)}),
    Step("plan, no changes, cached", "Terraform", ("plan",), _PLAN, True, {1_000: Bar(0.20), 10_000: Bar(0.06)}),
    Step("drift", "before", ("drift",)),
    Step("export of one", "before", ("export", _AGENT), bars={1_000: Bar(0.5), 10_000: Bar(0.1)}),
    Step("state show", "before", ("state", "show", _AGENT), bars={1_000: Bar(0.5), 10_000: Bar(0.1)}),
    Step("plan, no changes", "before", ("plan",), bars={100_000: Bar(0.25, 0.25)}),
)

CHANGED: Final = (
    Step("plan, 1 % changed", "Terraform", ("plan",), _PLAN),
    Step("plan, 1 % changed, cached", "Terraform", ("plan",), _PLAN, True, {1_000: Bar(0.22), 10_000: Bar(0.08)}),
)
"""After an edit of one agent in a hundred."""

APPLY: Final = Step(
    "apply, all objects are new", "before", ("apply", "--yes"), bars={1_000: Bar(0.6), 10_000: Bar(0.55)}
)
ONE: Final = Step("plan of one object", "before", ("plan",), bars={1: Bar(0.6)})
SLOPE: Final = 1.05
"""Of the CPU of an apply over the number of agents, both as logarithms."""
