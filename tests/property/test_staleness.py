"""A saved plan is applied if, and only if, each of its changes would be planned again just so.

Against an oracle that knows nothing of plans: three tables of what is wanted, was applied and is live, field by field.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from reconciler.applying.write import StaleError
from reconciler.operations.apply import apply_plan
from reconciler.operations.plan import make_plan
from reconciler.planning.codec import from_json, to_json
from reconciler.planning.model import Plan
from reconciler.project.workspace import open_workspace
from reconciler.review.saved_plans import changed_addresses, on_drift_of, restricted
from tests.support.world import Quiet, World, manifest, world

AGENTS: Final = ("ann", "bob", "cleo")
FIELDS: Final = ("instructions", "name")
VALUES: Final = ("one", "two", "three")

Table: TypeAlias = dict[str, dict[str, str]]
"""By agent, by field."""
Does: TypeAlias = dict[str, tuple[str, dict[str, tuple[str | None, str]]]]
"""What should be done to each agent: the action, and of each field the value before and after."""
Move: TypeAlias = tuple[str, str, str, str]

agents, fields, values = map(st.sampled_from, (AGENTS, FIELDS, VALUES))
moves = st.tuples(
    st.sampled_from(("wanted", "by hand", "not ours", "stranger", "dropped", "gone", "applied")), agents, fields, values
)


@dataclass
class Oracle:
    """What is so, by everybody's own account."""

    wanted: Table = field(default_factory=dict)
    applied: Table = field(default_factory=dict)
    live: Table = field(default_factory=dict)
    born: dict[str, int] = field(default_factory=dict)
    """How often each agent has been made: it is another object each time."""

    def due(self) -> Does:
        """With drift that is kept: what was changed by hand is nobody's business, if only a hand has changed it."""
        does: Does = {}
        for agent in AGENTS:
            wanted, applied, live = (table.get(agent) for table in (self.wanted, self.applied, self.live))
            if wanted and not applied:
                does[agent] = ("create", {name: (None, value) for name, value in wanted.items()})
            elif applied and live and not wanted:
                does[agent] = ("delete", {})
            elif wanted and applied and live:
                moved = [name for name in FIELDS if wanted[name] != live[name] == applied[name]]
                edited: dict[str, tuple[str | None, str]] = {name: (live[name], wanted[name]) for name in moved}
                if edited:
                    does[agent] = ("update", edited)
                elif wanted == live != applied:
                    does[agent] = (
                        "adopt",
                        {name: (None, wanted[name]) for name in FIELDS if wanted[name] != applied[name]},
                    )
        return does

    def conflicts(self) -> set[str]:
        """Where manifest and hand have both changed a value."""
        tables = [(self.wanted.get(a), self.applied.get(a), self.live.get(a), a) for a in AGENTS]
        return {a for w, p, x, a in tables if w and p and x and any(len({w[f], p[f], x[f]}) == 3 for f in FIELDS)}

    def carry_out(self, does: Does) -> None:
        for agent, (action, edited) in does.items():
            if action == "delete":
                self.live.pop(agent)
                self.applied.pop(agent)
                continue
            self.born[agent] = self.born.get(agent, 0) + (action == "create")
            after = {name: value for name, (_, value) in edited.items()}
            self.live[agent] = {**self.live.get(agent, {}), **after}
            self.applied[agent] = dict(self.wanted[agent])


@dataclass
class Game:
    """The same moves in both worlds."""

    made: World
    oracle: Oracle = field(default_factory=Oracle)

    def play(self, move: Move) -> None:
        what, agent, name, value = move
        getattr(self, what.replace(" ", "_"))(agent, name, value)

    def wanted(self, agent: str, name: str, value: str) -> None:
        before = self.oracle.wanted.get(agent, dict.fromkeys(FIELDS, "zero"))
        self.oracle.wanted[agent] = {**before, name: value}
        self.made.wants(
            manifest("Assistant", agent, {"target": "agents", "model": "gpt-6-luna", **self.oracle.wanted[agent]})
        )

    def dropped(self, agent: str, name: str, value: str) -> None:
        if self.oracle.wanted.pop(agent, None):
            self.made.drops(f"Assistant/{agent}")

    def by_hand(self, agent: str, name: str, value: str) -> None:
        if agent in self.oracle.live:
            self.oracle.live[agent][name] = value
            self._change(agent, {name: value})

    def not_ours(self, agent: str, name: str, value: str) -> None:
        """A field that no manifest sets."""
        if agent in self.oracle.live:
            metadata = next(found.metadata for found in self._agents() if found.id == self._ids()[agent])
            self._change(agent, {"metadata": {**metadata, "note": value}})

    def stranger(self, agent: str, name: str, value: str) -> None:
        """Somebody else's agent, of the same name."""
        self.made.by_hand(self.made.sdk.beta.agents.create(name=agent, model="gpt-6-luna"))

    def gone(self, agent: str, name: str, value: str) -> None:
        if self.oracle.live.pop(agent, None):
            self.made.by_hand(self.made.sdk.beta.agents.delete(self._ids()[agent]))

    def applied(self, agent: str, name: str, value: str) -> None:
        """A colleague applies another plan, of one agent or of all."""
        plan = self.plan()
        due = self.oracle.due()
        if not plan.refusals:
            assert self.apply(plan)
            self.oracle.carry_out(due)

    def plan(self) -> Plan:
        """As it comes out of a file."""
        return from_json(json.loads(json.dumps(to_json(self.made.plan("keep")))))

    def apply(self, saved: Plan) -> bool:
        """The way of `apply PLAN`; gives whether it was done."""
        workspace = open_workspace(self.made.root, self.made.environ)

        async def run() -> bool:
            observed = await make_plan(
                workspace, self.made.connection, on_drift=on_drift_of(saved), targets=changed_addresses(saved)
            )
            observed = replace(observed, planned=restricted(observed.planned, observed.snapshot, saved))
            if observed.planned.plan.refusals:
                return False
            return (await apply_plan(workspace, self.made.connection, observed, Quiet(), resume="")).complete

        try:
            return self.made.run(run())
        except StaleError:
            return False

    def live(self) -> Table:
        """What is live of ours, read past everything of ours."""
        return {
            agent.metadata["reconciler-address"].removeprefix("assistant/"): {f: getattr(agent, f) for f in FIELDS}
            for agent in self._agents()
            if "reconciler-address" in (agent.metadata or {})
        }

    def _ids(self) -> dict[str, str]:
        labelled = (agent for agent in self._agents() if "reconciler-address" in (agent.metadata or {}))
        return {agent.metadata["reconciler-address"].removeprefix("assistant/"): agent.id for agent in labelled}

    def _agents(self) -> list[Any]:
        async def look() -> list[Any]:
            return [agent async for agent in self.made.sdk.beta.agents.list()]

        return self.made.by_hand(look())

    def _change(self, agent: str, body: Mapping[str, Any]) -> None:
        self.made.by_hand(self.made.sdk.beta.agents.update(self._ids()[agent], **body))


def check(before: list[Move], between: list[Move]) -> None:
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as made:
        game = Game(made)
        for move in before:
            game.play(move)
        saved, promised, born = game.plan(), game.oracle.due(), dict(game.oracle.born)
        if game.oracle.conflicts() or saved.refusals or not promised:
            return
        assert {change.address for change in saved.work} == {f"assistant/{agent}" for agent in promised}
        for move in between:
            game.play(move)
        now = game.oracle.due()
        same = all(
            now.get(agent) == does and game.oracle.born.get(agent) == born.get(agent)
            for agent, does in promised.items()
        )
        holds = same and not game.oracle.conflicts() & promised.keys()
        done = game.apply(saved)
        assert done == holds, (promised, now)
        if done:
            game.oracle.carry_out(promised)
        assert game.live() == game.oracle.live


EVERY: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
edits = st.tuples(st.just("wanted"), agents, fields, values)
# The last move is an edit: mostly there is something to plan.
before = st.builds(lambda some, last: [*some, last], st.lists(moves, max_size=8), edits)
between = st.lists(moves, max_size=5)


@settings(EVERY, max_examples=30)
@given(before, between)
def test_no_false_refusal_and_no_unsafe_apply(before, between):
    check(before, between)


@pytest.mark.long
@settings(EVERY, max_examples=200)
@given(before, between)
def test_the_same_at_length(before, between):
    check(before, between)
