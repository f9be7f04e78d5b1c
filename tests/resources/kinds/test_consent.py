"""A consent says exactly what it permits, why, and until when; anything broader is an error that says what to write."""

from datetime import date

import pytest
from pydantic import ValidationError

from reconciler.resources.base import Scope
from reconciler.resources.kinds.consent import KIND

SPEC = {
    "identity": "acme/production",
    "address": "assistant/triage",
    "rule": "referenced",
    "subject": "sha256:" + "a" * 64,
    "reason": "the automation is paused and goes next week",
    "expires": "2026-12-24",
}


@pytest.fixture
def findings(resource, folder):
    """What is wrong with a consent in which something is written otherwise, by path."""

    def check(environments=("staging", "production"), **changed):
        scope = Scope(files=folder, environments=environments, today=date(2026, 11, 21))
        found = KIND.check(resource(KIND, "spring", SPEC | changed), scope)
        return {".".join(map(str, one.path)): f"{one.message}: {one.hint}" for one in found}

    return check


def test_one_as_narrow_as_it_should_be(findings):
    assert findings() == {}


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"subject": ""}, "copy the line `subject: sha256:…`"),
        ({"subject": "*"}, "copy the line `subject: sha256:…`"),
        ({"reason": "  "}, "write in one sentence why"),
        ({"expires": ""}, 'like "2026-12-24"'),
        ({"expires": "soon"}, 'like "2026-12-24"'),
        ({"expires": "2027-02-20"}, 'write "2027-02-19" or earlier'),
        ({"address": "assistant/*"}, "write the address of the refusal"),
        ({"address": "assistants"}, "write the address of the refusal"),
        ({"identity": "acme"}, "write one of `acme/staging`, `acme/production`"),
        ({"identity": "acme/prod"}, "write one of `acme/staging`, `acme/production`"),
    ],
)
def test_one_that_is_too_broad(findings, changed, hint):
    (name,) = changed
    found = findings(**changed)
    assert list(found) == [f"spec.{name}"]
    assert hint in found[f"spec.{name}"]


def test_the_last_day_may_be_ninety_days_ahead(findings):
    assert findings(expires="2027-02-19") == {}


def test_a_project_without_environments_has_one_identity(findings):
    assert findings(environments=(), identity="acme") == {}
    assert findings(environments=(), identity="acme/production")["spec.identity"].endswith("write `acme`")


@pytest.mark.parametrize("rule", ["all", "*", "foreign-owner", "conflict", "released-version-edited"])
def test_what_no_consent_may_lift(resource, rule):
    with pytest.raises(ValidationError, match="rule"):
        resource(KIND, "spring", SPEC | {"rule": rule})
