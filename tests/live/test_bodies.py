import pytest

from reconciler.live.bodies import carries, merged, without_labels
from reconciler.live.errors import LiveError
from reconciler.resources.base import Labels
from reconciler.resources.labels import KEYS, to_metadata

LABELS = Labels("acme/production", "assistant/triage", {"name": "01234567"}, protected=True)


def test_others_keep_their_pairs_and_ours_come_on_top():
    pairs = merged({"theirs": "1", "tier": "silver"}, {"tier": "gold"}, LABELS, "assistant/triage")
    assert pairs == {"theirs": "1", "tier": "gold", **to_metadata(LABELS)}


def test_a_pair_wanted_as_null_goes():
    assert "tier" not in merged({"tier": "silver"}, {"tier": None}, LABELS, "assistant/triage")


def test_sixteen_pairs_fit():
    theirs = {f"key-{number:02}": "x" for number in range(12)}
    assert len(merged(theirs, {}, LABELS, "assistant/triage")) == 16


def test_seventeen_do_not_and_are_named():
    theirs = {f"key-{number:02}": "x" for number in range(12)}
    with pytest.raises(LiveError, match=r"assistant/triage: 17 metadata pairs .* key-00, .*key-11, tier"):
        merged(theirs, {"tier": "gold"}, LABELS, "assistant/triage")


def test_labels_are_no_metadata():
    body = {"metadata": {"tier": "gold", **to_metadata(LABELS)}}
    assert without_labels(body) == {"tier": "gold"}
    assert without_labels({"metadata": None}) == {}
    assert not KEYS & without_labels(body).keys()


@pytest.mark.parametrize(
    ("owner", "address", "is_it"),
    [
        ("acme/production", "assistant/triage", True),
        ("acme/staging", "assistant/triage", False),
        ("acme/production", "assistant/other", False),
    ],
)
def test_an_object_is_known_by_identity_and_address(owner, address, is_it):
    body = {"metadata": to_metadata(Labels(owner, address))}
    assert carries(body, LABELS) is is_it
