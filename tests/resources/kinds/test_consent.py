"""Tests of consents: one refusal, a reason and an expiry date; a broader consent is an error with a hint."""

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
    """Return the problems of a consent with changed fields, by path."""

    def check(environments=("staging", "production"), **changed):
        scope = Scope(files=folder, environments=environments, today=date(2026, 11, 21))
        found = KIND.check(resource(KIND, "spring", SPEC | changed), scope)
        return {".".join(map(str, one.path)): f"{one.message}: {one.hint}" for one in found}

    return check


def test_complete_consent_is_valid(findings):
    assert findings() == {}


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"subject": ""}, "copy the line `subject: sha256:…`"),
        ({"subject": "*"}, "copy the line `subject: sha256:…`"),
        ({"reason": "  "}, "write one sentence for the reviewers"),
        ({"expires": ""}, 'such as "2026-12-24"'),
        ({"expires": "soon"}, 'such as "2026-12-24"'),
        ({"expires": "2027-02-20"}, 'write "2027-02-19" or earlier'),
        ({"address": "assistant/*"}, "copy the address of the refusal"),
        ({"address": "assistants"}, "copy the address of the refusal"),
        ({"identity": "acme"}, "write one of `acme/staging`, `acme/production`"),
        ({"identity": "acme/prod"}, "write one of `acme/staging`, `acme/production`"),
    ],
)
def test_broad_consent_is_an_error(findings, changed, hint):
    (name,) = changed
    found = findings(**changed)
    assert list(found) == [f"spec.{name}"]
    assert hint in found[f"spec.{name}"]


def test_consent_may_expire_in_ninety_days(findings):
    assert findings(expires="2027-02-19") == {}


def test_identity_without_environments_is_the_project(findings):
    assert findings(environments=(), identity="acme") == {}
    assert findings(environments=(), identity="acme/production")["spec.identity"].endswith("write `acme`")


@pytest.mark.parametrize("rule", ["all", "*", "foreign-owner", "conflict", "released-version-edited"])
def test_rules_without_consent_are_refused(resource, rule):
    with pytest.raises(ValidationError, match="rule"):
        resource(KIND, "spring", SPEC | {"rule": rule})
