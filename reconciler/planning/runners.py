"""Objects that run what a chatbot publishes, such as automations.

The manifest of such an object names the chatbot. The live object has the id of an agent:

| the chatbot publishes       | the object                                                                |
|-----------------------------|---------------------------------------------------------------------------|
| a release                   | refers to the agent of the release                                        |
| no release, object live     | keeps the agent that it has, and is suspended (`ResourceType.suspended`)  |
| no release, object not live | is not created yet: the plan has a warning                                |

So the plan that publishes another release also updates these objects. An apply writes them after the publication,
because their manifests refer to the chatbot, and deletes an agent after the last of them has another one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.planning.changes import ByOrigin
from reconciler.planning.inputs import PlanInputs, Runner
from reconciler.planning.match import Matched
from reconciler.planning.model import CREATES, Change
from reconciler.planning.reasons import Notice, Reason
from reconciler.planning.release_retention import chatbot_of, release_of
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Desired, Live
from reconciler.resources.references import referred
from reconciler.resources.resource_type import ResourceType
from reconciler.resources.values import ABSENT, Fields, Keys, get, put, reference, references_in, same


def chatbots_run(
    desired: Mapping[Address, Desired], resource_types: Mapping[str, ResourceType]
) -> Iterator[tuple[Address, Address, Keys]]:
    """Yield each object that runs what a chatbot publishes, with the chatbot and the path of the reference to it."""
    for address, wanted in desired.items():
        for path, target in referred(dict(wanted.fields)) if resource_types[wanted.type].suspended else ():
            if target in desired and resource_types[desired[target].type].pointers:
                yield address, target, tuple(map(str, path))


def with_published(inputs: PlanInputs) -> PlanInputs:
    """Return `inputs` with the agents of published releases in place of the chatbots that publish them."""
    runners: dict[Address, Runner] = {}
    desired: dict[Address, Desired] = {}
    for address, chatbot, keys in chatbots_run(inputs.desired, inputs.resource_types):
        wanted, release = inputs.desired[address], release_of(inputs, chatbot)
        agent = _agent(inputs, release, inputs.resource_types[wanted.type])
        runners[address] = Runner(chatbot, release if agent else None, keys)
        if agent:
            desired[address] = replace(wanted, fields=put(wanted.fields, keys, reference(agent)))
    return replace(inputs, desired={**inputs.desired, **desired}, runners=runners) if runners else inputs


def _agent(inputs: PlanInputs, release: Address | None, resource_type: ResourceType) -> Address | None:
    """Return the object that a release consists of, if an object of `resource_type` can run it."""
    wanted = inputs.desired.get(release) if release else None
    found = [Address.parse(text) for text in references_in(dict(wanted.fields))] if wanted else []
    types = [inputs.desired[one].type for one in found if one in inputs.desired]
    return found[0] if len(found) == 1 and not resource_type.refers.isdisjoint(types) else None


def with_suspended(inputs: PlanInputs, matched: Matched) -> PlanInputs:
    """Return `inputs` with the objects suspended whose chatbots publish nothing, and without those of them that are not
    live.
    """
    idle = [address for address, runner in inputs.runners.items() if runner.release is None]
    desired = dict(inputs.desired)
    for address in idle:
        live = matched.live.get(address)
        if live is not None and address in desired:
            desired[address] = _suspended(inputs, desired[address], inputs.runners[address].keys, live)
        elif not matched.is_disputed(address):
            desired.pop(address, None)
    return replace(inputs, desired=desired) if idle else inputs


def _suspended(inputs: PlanInputs, wanted: Desired, keys: Keys, live: Live) -> Desired:
    """Return the object with the agent that was last applied; if it had none, the whole field stays as it was.

    A live object that refers to nothing has ended, and is not suspended.
    """
    applied = inputs.applied.get(wanted.address)
    known: Fields = applied.fields if applied and keys[0] in applied.fields else live.fields
    agent = get(known, keys)
    fields = {**wanted.fields, keys[0]: known.get(keys[0])} if agent is ABSENT else put(wanted.fields, keys, agent)
    suspended = inputs.resource_types[wanted.type].suspended if live.refers_to else {}
    return replace(wanted, fields={**fields, **suspended})


def with_causes(inputs: PlanInputs, pairs: Iterable[ByOrigin]) -> Iterator[ByOrigin]:
    """Yield the pairs, with the reason of each change that follows from what a chatbot publishes."""
    for pair in pairs:
        ours, drift = pair.ours, pair.drift
        explained = ByOrigin(ours and _with_cause(inputs, ours), drift and _with_obstacle(inputs, drift))
        yield explained if inputs.runners else pair


def _with_cause(inputs: PlanInputs, change: Change) -> Change:
    address = Address.parse(change.address)
    runner, wanted = inputs.runners.get(address), inputs.desired.get(address)
    if runner is None or wanted is None:
        return change
    suspended = inputs.resource_types[wanted.type].suspended.keys()
    moved = any(item.keys == runner.keys[: len(item.keys)] or item.keys[0] in suspended for item in change.fields)
    if not (moved or change.action in CREATES):
        return change
    if runner.release is None:
        reason = Reason("not-run", {"publisher": str(runner.chatbot)})
    else:
        reason = Reason("runs-release", {"publisher": str(runner.chatbot), "release": str(runner.release)})
    return replace(change, reasons=(*change.reasons, reason))


def _with_obstacle(inputs: PlanInputs, change: Change) -> Change:
    """Return drift with the reason why no manifest can state it, if the object was resumed outside Reconciler."""
    address = Address.parse(change.address)
    runner, wanted = inputs.runners.get(address), inputs.desired.get(address)
    if runner is None or runner.release or wanted is None or change.action != "update":
        return change
    suspended = inputs.resource_types[wanted.type].suspended.keys()
    fields = [item.path for item in change.fields if item.keys[0] in suspended]
    reason = Reason("not-run", {"publisher": str(runner.chatbot), "fields": fields})
    return replace(change, reasons=(*change.reasons, reason)) if fields else change


def waiting(inputs: PlanInputs) -> Iterator[Notice]:
    """Yield a warning for each object that has never run its chatbot, because that publishes no release: it is not
    created yet, or is suspended with something else to run.
    """
    environment = {"environment": inputs.identity.environment} if inputs.identity.environment else {}
    for address, runner in sorted(inputs.runners.items()):
        if runner.release is None and inputs.in_scope(address):
            releases = [one for one in inputs.releases if chatbot_of(inputs, one) == runner.chatbot]
            wanted = inputs.desired.get(address)
            if wanted and _has_run(inputs, wanted, runner, releases):
                continue
            number = max(map(release_number, releases), default=None)
            live = {"is_live": True} if wanted else {}
            args = {"publisher": str(runner.chatbot), "number": number, **live, **environment}
            yield Notice("waits-for-release", args, str(address))


def _has_run(inputs: PlanInputs, wanted: Desired, runner: Runner, releases: Iterable[Address]) -> bool:
    """Return True if an object has the agent of a release of its chatbot, or has ended."""
    suspended = inputs.resource_types[wanted.type].suspended
    if any(not same(wanted.fields.get(name), value) for name, value in suspended.items()):
        return True
    agent = get(wanted.fields, runner.keys)
    named = {Address.parse(text) for text in references_in(agent)} if agent is not ABSENT else set()
    return any(not named.isdisjoint(inputs.releases[one].parts) for one in releases)
