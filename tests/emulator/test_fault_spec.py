"""How faults are written."""

import pytest

from reconciler.emulator.fault_spec import KINDS, Fault, SpecError, parse, table


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ("", []),
        ("quota", [Fault("quota")]),
        ("drop-after:POST:/v1/agents:2", [Fault("drop-after", "", "POST", "/v1/agents", "2")]),
        (" 429=3:POST , slow:*:*:10%", [Fault("429", "3", "POST"), Fault("slow", "", "*", "*", "10%")]),
    ],
)
def test_what_is_left_out_is_anything(spec, faults):
    assert parse(spec) == (tuple(faults), 0)


def test_the_seed_stands_among_them():
    assert parse("seed=7,quota")[1] == 7


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("flood", "there is no fault 'flood'; there are error-before"),
        ("quota:PATCH", "'PATCH' is no method"),
        ("quota:GET:agents", "does not begin with /v1/"),
        ("quota:GET:*:0", "'0' says not which"),
        ("quota:GET:*:last", "'last' says not which"),
        ("quota:GET:*:1:2", "too many parts"),
        ("quota=3", "quota takes no value"),
        ("error-before=200", "200 is no status of an error"),
        ("error-before=soon", "'soon' is no number"),
        ("slow=soon", "no number of seconds"),
        ("seed=x", "seed: 'x' is no number"),
    ],
)
def test_what_is_wrong_is_named(spec, says):
    with pytest.raises(SpecError, match=says.replace("(", r"\(")):
        parse(spec)


def test_the_table_of_the_help_has_every_fault():
    assert [line.split("=")[0].split()[0] for line in table().splitlines()] == list(KINDS)
