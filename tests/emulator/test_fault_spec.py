"""The specification of faults."""

import pytest

from reconciler.emulator.fault_spec import FAULTS, Fault, SpecError, parse, table


@pytest.mark.parametrize(
    ("spec", "faults"),
    [
        ("", []),
        ("quota", [Fault("quota")]),
        ("drop-after:POST:/v1/agents:2", [Fault("drop-after", "", "POST", "/v1/agents", "2")]),
        (" 429=3:POST , slow:*:*:10%", [Fault("429", "3", "POST"), Fault("slow", "", "*", "*", "10%")]),
    ],
)
def test_parse_omitted_parts_match_everything(spec, faults):
    assert parse(spec) == (tuple(faults), 0)


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("/v1/agents*", ["/v1/agents", "/v1/agents/automations", "/v1/agents/a/b"]),
        ("/v1/agents", ["/v1/agents"]),
        ("/v1/agents/*", ["/v1/agents/automations"]),
    ],
)
def test_a_path_with_a_star_at_the_end_of_a_name_matches_everything_below(pattern, matching):
    paths = ["/v1/agents", "/v1/agents/automations", "/v1/agents/a/b", "/v1/vector_stores"]
    assert [path for path in paths if Fault("403", "", "GET", pattern).matches("GET", path)] == matching


def test_parse_seed_among_faults():
    assert parse("seed=7,quota")[1] == 7


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("flood", "unknown fault 'flood'; valid faults: error-before"),
        ("quota:PATCH", "'PATCH' is not a valid method"),
        ("quota:GET:agents", "does not begin with /v1/"),
        ("quota:GET:*:0", "'0' does not select requests"),
        ("quota:GET:*:last", "'last' does not select requests"),
        ("quota:GET:*:1:2", "too many parts"),
        ("quota=3", "quota does not take a value"),
        ("error-before=200", "200 is not an error status"),
        ("error-before=soon", "'soon' is not a number"),
        ("slow=soon", "not a number of seconds"),
        ("seed=x", "seed: 'x' is not a number"),
    ],
)
def test_parse_invalid_spec_names_the_error(spec, says):
    with pytest.raises(SpecError, match=says.replace("(", r"\(")):
        parse(spec)


def test_the_table_of_the_help_has_every_fault():
    assert [line.split("=")[0].split()[0] for line in table().splitlines()] == list(FAULTS)
