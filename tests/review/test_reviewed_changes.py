"""Tests of reviewed changes: invalid plan files, and rollbacks to an earlier release."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.github import GitHub
from reconciler.github.plan_artifacts import Review, Reviews
from reconciler.planning.codec import to_json
from reconciler.planning.model import Plan
from reconciler.releases.release import release
from reconciler.review.reviewed_changes import read_reviews
from tests.support.documents import as_v1
from tests.support.github_hub import Hub
from tests.support.world import Document, World, manifest, world

AGENT = {"target": "agents", "model": "gpt-6-luna", "instructions": "File it."}


@dataclass(frozen=True)
class Merged(Reviews):
    """A fixed list of reviews."""

    reviews: tuple[Review, ...]

    def since_last_apply(self) -> Iterator[Review]:
        return iter(self.reviews)


def merged(github: GitHub, *reviews: Review) -> Merged:
    return Merged(github, "plan.yml", "apply.yml", "main", "c0ffee", reviews)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def test_a_plan_of_version_1_counts_as_shown(office: World, github: GitHub):
    office.wants(manifest("Assistant", "clerk", AGENT))
    plan = office.plan("keep")
    found = read_reviews(plan, merged(github, Review(1, (json.dumps(as_v1(to_json(plan))).encode(),))))
    assert found.digests == {change.digest for change in plan.work} != set()
    assert [review.void for review in found.reviews] == [""]


def saved(plan: Plan) -> bytes:
    return json.dumps(to_json(plan)).encode()


def test_edited_plans_and_unknown_formats_do_not_count(office: World, github: GitHub):
    office.wants(manifest("Assistant", "clerk", AGENT))
    plan = office.plan("keep")
    data = saved(plan)
    edited = Review(1, (data.replace(b"File it.", b"Burn it."),))
    other = Review(2, (data.replace(b"plan/v2", b"plan/v9"),))
    found = read_reviews(plan, merged(github, edited, other, Review(3, (data,))))
    assert {change.digest for change in plan.work} <= found.digests
    assert [bool(review.void) for review in found.reviews] == [True, True, False]
    assert "v9" in found.reviews[1].void


def desk(published: int) -> Document:
    return manifest("Chatbot", "desk", {"assistant": "clerk", "published": published})


def test_a_rolled_back_change_is_held_back_until_the_pull_request_closes(office: World, github: GitHub, hub: Hub):
    """The apply after its merge failed after the pointer had moved. The changes of its plan stay reviewed."""
    office.wants(manifest("Assistant", "clerk", AGENT), manifest("Chatbot", "desk", {"assistant": "clerk"}))
    for number in (1, 2):
        office.wants(manifest("Assistant", "clerk", {**AGENT, "instructions": f"Way {number}."}))
        release(office.root, office.environ, "desk")
        office.wants(desk(published=number))
        reviewed = Review(7, (saved(office.plan("keep")),))
        office.apply()
    office.wants(desk(published=1))
    office.apply()

    office.wants(desk(published=2))
    (change,) = office.plan("keep").work
    plan = office.plan("keep")
    assert change.digest in read_reviews(plan, merged(github, reviewed)).digests

    pull = hub.open_pull("rollback/acme/desk", sha="b" * 40)
    found = read_reviews(plan, merged(github, reviewed))
    assert change.digest not in found.digests
    assert found.rolled_back == {change.digest: pull}
    hub.pulls[pull]["state"] = "closed"
    assert change.digest in read_reviews(plan, merged(github, reviewed)).digests
