"""A plan that destroys an environment removes what a plan without manifests removes, and the guard refuses as much."""

from dataclasses import replace
from typing import Final

from reconciler.planning.build import plan
from reconciler.planning.guard import THRESHOLD
from reconciler.planning.inputs import DestroyedManifests, PlanInputs
from reconciler.planning.model import INVALIDATES_ID, Plan
from reconciler.planning.settings import is_settings_change
from tests.property.guard.drawing import estate
from tests.property.guard.translation import plan_inputs
from tests.support.budget import announce

SEEDS: Final = range(200)


def _without_manifests(inputs: PlanInputs) -> PlanInputs:
    return replace(inputs, desired={}, links={}, releases={}, archived=frozenset(), imported={}, scope=None, adopt={})


def _refused(found: Plan) -> set[tuple[str, str]]:
    return {(one.rule, one.address) for one in found.refusals if one.rule != THRESHOLD}


def _work(found: Plan) -> set[tuple[str, str, str | None]]:
    return {(one.address, one.action, one.id) for one in found.work if not is_settings_change(one)}


def test_destroy_ends_nothing_that_the_guard_refuses_without_manifests(request):
    announce(request, f"{len(SEEDS)} estates")
    ends, refusals = 0, 0
    for seed in SEEDS:
        inputs = _without_manifests(plan_inputs(estate(seed)))
        ordinary = plan(inputs).plan
        destroy = plan(replace(inputs, removed_identities={}, destroys=DestroyedManifests())).plan
        assert _refused(destroy) >= _refused(ordinary), seed
        assert _work(destroy) <= _work(ordinary), seed
        assert all(one.rule != THRESHOLD for one in destroy.refusals), seed
        ends += sum(one.action in INVALIDATES_ID for one in destroy.work)
        refusals += len(_refused(destroy))
    assert ends > len(SEEDS)
    assert refusals > len(SEEDS) / 4


def test_destroy_is_refused_while_the_manifests_publish(request):
    announce(request, f"{len(SEEDS)} estates")
    refused = 0
    for seed in SEEDS:
        inputs = plan_inputs(estate(seed))
        chatbots = frozenset(address for address in inputs.applied if address.kind == "chatbot")
        known = DestroyedManifests(published=chatbots)
        destroy = plan(replace(_without_manifests(inputs), removed_identities={}, destroys=known)).plan
        going = {str(one) for one in chatbots if inputs.published.get(one)} & {one.address for one in destroy.work}
        rules = {one.cause.args["chatbots"][0] for one in destroy.refusals if one.rule == "published"}
        assert going <= rules, seed
        refused += len(rules)
    assert refused > 0
