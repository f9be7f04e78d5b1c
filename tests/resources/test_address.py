"""Tests of the order of identities: a project may have state and bundles with and without an environment."""

import itertools

from hypothesis import given, strategies as st

from reconciler.resources.address import Identity

IDENTITIES = st.builds(Identity, st.sampled_from(["acme", "acme-x", "globex"]), st.sampled_from([None, "a", "staging"]))


@given(st.sets(IDENTITIES), st.randoms())
def test_identities_with_and_without_an_environment_have_one_order(found, random):
    given_in = sorted(found, key=lambda _: random.random())
    ordered = sorted(given_in)
    assert ordered == sorted(found)
    assert all(one < other and other > one and one <= other for one, other in itertools.pairwise(ordered))


def test_a_project_without_environments_is_before_its_environments():
    staging, other = Identity("acme", "staging"), Identity("acme-x")
    assert sorted([other, staging, Identity("acme")]) == [Identity("acme"), staging, other]
