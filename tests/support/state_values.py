"""Generated entries, intents and runs of a state."""

from hypothesis import strategies as st

from reconciler.resources.address import Address
from reconciler.resources.base import Applied
from reconciler.state.model import AppliedPlan, Completed, Intent, Written
from reconciler.state.segments import RunBegun, RunProgress

names = st.builds(Address, st.sampled_from(["assistant", "file"]), st.text(min_size=1))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.dictionaries(st.text(), values, max_size=3)
hashes = st.dictionaries(st.text(), st.text(), max_size=2)
holds = st.dictionaries(names.map(str), st.text(), max_size=2)
applied = st.builds(Applied, st.text(min_size=1), st.text(), fields, hashes, st.booleans(), st.booleans(), holds=holds)
intents = st.builds(Intent, names, st.text(), fields, st.floats(allow_nan=False, allow_infinity=False))
plans = st.none() | st.builds(AppliedPlan, st.text(), st.text(), st.just(1.0), st.text())
settings = st.none() | st.lists(st.text(), max_size=2).map(tuple)
begun = st.builds(
    RunBegun,
    *(st.text(), st.lists(intents, max_size=3).map(tuple), st.none() | st.text(), plans, settings, settings),
    holds=st.dictionaries(names, holds, max_size=2),
)
completed = st.lists(st.builds(Completed, names, st.none() | applied, st.none() | names), max_size=3).map(tuple)
written = st.lists(st.builds(Written, st.text(), st.text(), st.none() | st.text()), max_size=2).map(tuple)
progress = st.builds(RunProgress, st.text(), completed, st.lists(names, max_size=2).map(tuple), plans, written=written)
