"""Secrets in the environment: which may be read, and which values are usable."""

import pytest

from reconciler.project.secrets import Secrets
from reconciler.resources.problems import ReconcilerError


def problem(environ: dict[str, str]) -> str | None:
    found = Secrets(environ).problem("TOKEN")
    return found.code if found else None


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"TOKEN": "t"}, None),
        ({}, "secret-missing"),
        ({"TOKEN": ""}, "secret-missing"),
        ({"TOKEN": "t\n"}, "secret-invalid"),
        ({"TOKEN": "t\0"}, "secret-invalid"),
        ({"TOKEN": "\udcff"}, "secret-invalid"),
        ({"TOKEN": "t", "CI": "true"}, "secret-not-allowed"),
        ({"TOKEN": "t", "CI": "true", "RECONCILER_ENV_ALLOW": "TOKEN"}, None),
        ({"TOKEN": "t", "CI": "true", "RECONCILER_ENV_ALLOW": "A, TOKEN B"}, None),
        ({"TOKEN": "t", "CI": "true", "RECONCILER_ENV_ALLOW": "TOKENS"}, "secret-not-allowed"),
        ({"TOKEN": "t", "CI": "false"}, None),
        ({"TOKEN": "t", "RECONCILER_ENV_ALLOW": ""}, "secret-not-allowed"),
    ],
)
def test_problem_depends_on_the_value_and_on_what_the_workflow_allows(environ, code):
    assert problem(environ) == code


def test_value_is_read_when_it_is_asked_for():
    environ = {"TOKEN": "first"}
    secrets = Secrets(environ)
    environ["TOKEN"] = "second"
    assert secrets.value("TOKEN") == "second"


def test_an_error_and_a_representation_have_no_value():
    secrets = Secrets({"TOKEN": "hidden\n"})
    with pytest.raises(ReconcilerError) as raised:
        secrets.value("TOKEN")
    assert "hidden" not in str(raised.value) + repr(secrets)
