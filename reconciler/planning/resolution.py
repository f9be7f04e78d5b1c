"""One resolution before the diff: which object is which, and what is wanted of it.

Every stage works on the result of those before it, and nothing after the last one asks again who is who: diff, risks,
costs, requests, guard and order all read the same pairs. docs/decisions/008-one-resolution.md has an example of each.

| stage           | what it settles                                                                             |
|-----------------|---------------------------------------------------------------------------------------------|
| ignored fields  | of what is published whole, a field that `lifecycle.ignore` names is wanted as it is          |
| retention       | releases that are archived by this plan, and what only they ask for, are not wanted          |
| pairs           | the live object of each address: by state, by label, by outlet, by adoption                  |
| renames         | what has another name keeps its object, its state entry and the references to it             |
| uploads         | files are found by content, also under another path                                          |
| ids             | ids of managed objects become addresses: in what is live, was applied and is wanted          |
| server defaults | what the API has filled in when it made a copy is wanted as well                             |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.planning.ignored import with_ignored
from reconciler.planning.inputs import Bundle, PlanInputs
from reconciler.planning.match import Matched, match
from reconciler.planning.release_retention import Retired, apply_retention
from reconciler.planning.renames import renamed
from reconciler.planning.server_defaults import with_server_defaults
from reconciler.resources.address import Address


@dataclass(frozen=True)
class Resolution:
    """Everything wanted, last applied and live, paired once and for all."""

    inputs: PlanInputs
    """As read, but for what the stages have settled: `desired` and `applied` under final addresses."""
    matched: Matched
    retired: Retired

    def publishing(self, bundles: Mapping[Address, Bundle]) -> "Resolution":
        """Return the resolution with the bundles that were rendered from what is wanted."""
        return replace(self, inputs=replace(self.inputs, bundles=bundles))


def resolve(inputs: PlanInputs) -> Resolution:
    """Return what `inputs` come to. Pure, and linear in the number of objects."""
    inputs, retired = apply_retention(with_ignored(inputs))
    matched = match(inputs)  # pairs, renames, uploads, ids
    inputs = renamed(inputs, matched.moved)
    return Resolution(with_server_defaults(inputs), matched, retired)
