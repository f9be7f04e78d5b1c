"""Tests of pull requests: a branch has at most one that is open."""

import pytest

from reconciler.github import GitHub
from reconciler.github.issues import open_pull, upsert_pull
from tests.support.github_hub import Hub
from tests.support.github_repositories import Checkout

BRANCH = "rollback/acme/production/support"


@pytest.fixture(autouse=True)
def repo(hub: Hub, tmp_path) -> Checkout:
    made = Checkout.make(tmp_path)
    hub.bare = made.bare
    made.commit("main", a="a")
    made.commit(BRANCH, a="b")
    return made


def test_upsert_pull_with_open_pull_edits_it(github: GitHub, hub: Hub):
    first = upsert_pull(github, BRANCH, "main", "Back to 2", "now")
    assert upsert_pull(github, BRANCH, "main", "Back to 1", "later") == first
    (pull,) = hub.pulls.values()
    assert (pull["title"], pull["body"], pull["base"]["ref"]) == ("Back to 1", "later", "main")


def test_upsert_pull_after_close_opens_a_new_one(github: GitHub, hub: Hub):
    upsert_pull(github, BRANCH, "main", "Back to 2", "now")
    hub.pulls[1]["state"] = "closed"
    assert open_pull(github, BRANCH) is None
    upsert_pull(github, BRANCH, "main", "Back to 2", "again")
    assert sorted(hub.pulls) == [1, 2]
