import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter, ValidationError

from reconciler.resources.address import Address
from reconciler.resources.base import Reference
from reconciler.resources.kinds.pipeline import KIND, PIPELINE, PipelineSpec
from reconciler.resources.values import reference

COACH: dict[str, Any] = {
    "nodes": {
        "triage": {
            "type": "router",
            "model": "gpt-6-luna",
            "keywords": ["GENERAL", "QUIZ"],
            "default_keyword": "GENERAL",
        },
        "general": {"type": "assistant", "assistant": "coach-general"},
        "quiz": {"type": "assistant", "assistant": "assistant/coach-quiz@coach-bot.1", "citations": True},
        "polish": {"type": "llm", "vector_stores": ["style", "vs_1"], "functions_from": ["crm"], "history": "none"},
    },
    "edges": [
        {"from": "start", "to": "triage"},
        {"from": "triage.GENERAL", "to": "general"},
        {"from": "triage.QUIZ", "to": "quiz"},
        {"from": ["general", "quiz"], "to": "polish"},
        {"from": "polish", "to": "end"},
    ],
}
STRAIGHT = [{"from": "start", "to": "n"}, {"from": "n", "to": "end"}]


def node(**parameters):
    """A pipeline of one node."""
    return {"nodes": {"n": parameters}, "edges": STRAIGHT}


def graph(*edges, **nodes):
    """A pipeline of `a>b` edges between custom nodes; any other node by its parameters."""
    pairs = [edge.split(">") for edge in edges]
    ends = {end.split(".")[0] for pair in pairs for end in pair} - {"start", "end"}
    return {
        "nodes": {name: {"type": "custom"} for name in sorted(ends)} | nodes,
        "edges": [{"from": source, "to": target} for source, target in pairs],
    }


@pytest.fixture
def findings(resource, scope):
    return lambda spec: list(KIND.check(resource(KIND, "coach", spec), scope))


@pytest.fixture
def desired(resource, scope):
    def build(spec):
        (wanted,) = KIND.desired(resource(KIND, "coach", spec), scope)
        return wanted

    return build


class TestDesired:
    def test_names_in_nodes_are_references(self, desired):
        nodes = desired(COACH).fields["nodes"]
        assert nodes["general"] == {"type": "assistant", "assistant": reference("assistant/coach-general")}
        assert nodes["quiz"]["assistant"] == reference("assistant/coach-quiz@coach-bot.1")
        assert nodes["polish"]["vector_stores"] == [reference("vectorstore/style"), "vs_1"]
        assert nodes["polish"]["functions_from"] == [reference("assistant/crm")]

    def test_the_order_and_grouping_of_edges_have_no_meaning(self, desired):
        several = COACH | {"edges": [{"from": ["quiz", "general"], "to": "polish"}, *reversed(COACH["edges"])]}
        assert desired(several).fields["edges"] == desired(COACH).fields["edges"]
        assert {"from": "quiz", "to": "polish"} in desired(COACH).fields["edges"]

    def test_unknown_parameters_are_passed_on(self, desired):
        fields = desired(node(type="template", template="hi", shiny={"new": [1, None]})).fields
        assert fields["nodes"]["n"]["shiny"] == {"new": [1, None]}
        assert desired(node(type="custom", anything=1)).fields["nodes"]["n"] == {"type": "custom", "anything": 1}

    def test_null_is_a_value(self, desired):
        assert desired(node(type="llm", model=None)).fields["nodes"]["n"] == {"type": "llm", "model": None}

    def test_canonical_is_idempotent(self, desired):
        for field, value in desired(COACH).fields.items():
            assert PIPELINE.canonical(field, value) == value


def test_references_stand_where_nodes_make_them(resource):
    found = list(KIND.references(resource(KIND, "coach", COACH)))
    assert found[0] == Reference(("spec", "nodes", "general", "assistant"), Address("assistant", "coach-general"))
    assert [(str(each.target), each.path[3:]) for each in found[1:]] == [
        ("assistant/coach-quiz@coach-bot.1", ("assistant",)),
        ("vectorstore/style", ("vector_stores", 0)),
        ("assistant/crm", ("functions_from", 0)),
    ]


class TestSpec:
    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"type": "rooter"}, "'rooter' is not a type of node: did you mean router"),
            ({"type": "quantum"}, "use `type: custom` for other types"),
            ({"type": "assistant"}, "assistant.assistant\n  Field required"),
            ({"type": "assistant", "assistant": "Billing!"}, "'Billing!' is not a valid reference to assistant"),
            ({"type": "assistant", "assistant": "pipeline/x"}, "is not a valid reference to assistant"),
            ({"type": "assistant", "assistant": "x", "citations": "yes"}, "valid boolean"),
            ({"type": "llm", "vector_stores": ["a", "b", "c"]}, "at most 2 items"),
            ({"type": "router", "keywords": []}, "at least 1 item"),
            ({"type": "static_router", "keywords": ["A"]}, "route_key\n  Field required"),
        ],
    )
    def test_known_parameters_have_types(self, parameters, message):
        with pytest.raises(ValidationError, match=message) as caught:
            PipelineSpec.model_validate(node(**parameters))
        assert caught.value.error_count() == 1

    @pytest.mark.parametrize("edge", [{"from": [], "to": "end"}, {"from": "start"}, {"from_": "start", "to": "end"}])
    def test_edges_have_two_ends(self, edge):
        with pytest.raises(ValidationError):
            PipelineSpec.model_validate({"nodes": {}, "edges": [edge]})

    def test_schema_accepts_the_same_edges_as_the_model(self):
        import jsonschema  # type: ignore[import-untyped]

        schema = TypeAdapter(PipelineSpec).json_schema()
        jsonschema.validate(COACH, schema)
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(node(type="assistant"), schema)


class TestGraph:
    def test_valid_pipeline_has_no_findings(self, findings):
        assert findings(COACH) == []
        assert findings({"nodes": {}, "edges": [{"from": "start", "to": "end"}]}) == []

    def test_unwired_outputs_are_legal(self, findings):
        router = {"type": "router", "keywords": ["A", "B"]}
        assert findings(graph("start>r", "r.A>end", r=router)) == []

    @pytest.mark.parametrize(
        ("edges", "code", "path", "says"),
        [
            (["start>n", "n>end", "start>nn"], "unknown-node", ("edges", 2, "to"), "Did you mean n?"),
            (["start>n", "n>end", "zzz>n"], "unknown-node", ("edges", 2, "from"), "There are start, n."),
            (["start>n", "n>end", "n>start"], "edge-to-start", ("edges", 2, "to"), "an edge cannot lead to `start`"),
            (["start>n", "n>end", "end>n"], "edge-from-end", ("edges", 2, "from"), "an edge cannot start from `end`"),
            (["start>n", "n.x>end"], "unknown-output", ("edges", 1, "from"), "Write n."),
            (["start.x>n", "n>end"], "unknown-output", ("edges", 0, "from"), "Write start."),
        ],
    )
    def test_edge_to_an_unknown_node_is_an_error(self, findings, edges, code, path, says):
        spec = graph(*edges) | {"nodes": {"n": {"type": "template", "template": ""}}}
        found = [finding for finding in findings(spec) if finding.code != "cycle"]
        assert [(finding.code, finding.path) for finding in found] == [(code, ("spec", *path))]
        assert says in found[0].message + found[0].hint

    @pytest.mark.parametrize(
        ("source", "says"), [("r.billng", "Did you mean BILLING?"), ("r", "Write r.BILLING or r.GENERAL.")]
    )
    def test_edge_from_a_router_must_name_a_keyword(self, findings, source, says):
        router = {"type": "router", "keywords": ["BILLING", "GENERAL"]}
        (finding,) = findings(graph("start>r", f"{source}>end", r=router))
        assert (finding.code, finding.hint) == ("unknown-output", says)

    def test_a_custom_node_may_have_any_output(self, findings):
        assert findings(graph("start>n", "n.anything>end")) == []

    def test_finding_of_one_of_several_sources_has_its_index(self, findings):
        (finding,) = findings({"nodes": {}, "edges": [{"from": ["start", "strat"], "to": "end"}]})
        assert finding.path == ("spec", "edges", 0, "from", 1)

    @pytest.mark.parametrize(
        ("edges", "circle"),
        [
            (["start>a", "a>b", "b>c", "c>a", "c>end"], "a -> b -> c -> a"),
            (["start>a", "a>a", "a>end"], "a -> a"),
        ],
    )
    def test_cycle_is_reported_in_the_direction_of_its_edges(self, findings, edges, circle):
        (finding,) = findings(graph(*edges))
        assert finding.code == "cycle"
        named = finding.message.removeprefix("the pipeline contains a cycle: ")
        assert named in {circle, "b -> c -> a -> b", "c -> a -> b -> c"}

    def test_unreachable_end_is_an_error(self, findings):
        (finding,) = findings(graph("start>a", "b>end"))
        assert (finding.code, finding.path) == ("end-unreachable", ("spec", "edges"))

    def test_unreachable_node_is_a_warning(self, findings):
        (finding,) = findings(graph("start>a", "a>end", "b>end"))
        assert (finding.code, finding.path, finding.severity) == ("unreachable-node", ("spec", "nodes", "b"), "warning")

    @given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25))
    def test_every_cycle_is_found(self, pairs):
        from reconciler.resources.pipelines.graph import check

        edges = [f"n{a}>n{b}" for a, b in pairs]
        spec = PipelineSpec.model_validate(graph("start>end", *edges))
        cyclic = any(finding.code == "cycle" for finding in check(spec.nodes, spec.edges))
        assert cyclic == _has_cycle(set(pairs))

    def test_long_chain_does_not_recurse(self, findings):
        chain = ["start", *(f"n{number}" for number in range(sys.getrecursionlimit() * 3)), "end"]
        assert findings(graph(*(f"{a}>{b}" for a, b in pairwise(chain)))) == []


def _has_cycle(pairs):
    """Return True if nodes remain after nodes without incoming edges are removed repeatedly."""
    while sources := {a for a, _ in pairs} - {b for _, b in pairs}:
        pairs = {(a, b) for a, b in pairs if a not in sources}
    return bool(pairs)


class TestRules:
    @pytest.mark.parametrize("name", ["start", "end"])
    def test_nodes_named_start_and_end_are_errors(self, findings, name):
        codes = [finding.code for finding in findings(graph("start>end", **{name: {"type": "custom"}}))]
        assert codes == ["reserved-node"]

    @pytest.mark.parametrize("name", ["a.b", "", "-a", "a b", "x" * 64])
    def test_invalid_name_of_a_node_is_an_error(self, findings, name):
        found = findings({"nodes": {name: {"type": "custom"}}, "edges": [{"from": "start", "to": "end"}]})
        assert found[0].code == "node-name"
        assert found[0].on_key

    def test_invalid_keywords_are_errors(self, findings):
        spec = graph("start>r", "r.A>end", r={"type": "router", "keywords": ["A", " ", "a "], "default_keyword": "B"})
        assert [(finding.code, finding.path[3:]) for finding in findings(spec)] == [
            ("empty-keyword", ("keywords", 1)),
            ("duplicate-keyword", ("keywords", 2)),
            ("unknown-keyword", ("default_keyword",)),
        ]

    @pytest.mark.parametrize(
        ("code", "problem"),
        [
            ("def main(input, **kwargs):\n    return input", None),
            ("async def main(input): return '\\d'", None),
            ("def mian(): pass", "the code does not define the function `main`"),
            ("class A:\n    def main(self): ...", "the code does not define the function `main`"),
            ("def main():\n  return (", "line 2 of the code: '(' was never closed"),
            ("x = 1\x00", "source code string cannot contain null bytes"),
        ],
    )
    def test_code_without_main_is_an_error(self, findings, code, problem):
        found = findings(node(type="code", code=code))
        assert len(found) == (problem is not None)
        assert all(problem in finding.message for finding in found)

    def test_parameter_similar_to_a_known_one_is_a_warning(self, findings):
        (finding,) = findings(node(type="llm", promt="Hello"))
        assert (finding.code, finding.severity, finding.hint) == (
            "unknown-parameter",
            "warning",
            "Did you mean prompt?",
        )
        assert findings(node(type="llm", prompt="Hello", prompts="kept apart")) == []


def test_models_of_a_pipeline_are_those_of_its_nodes():
    assert list(PIPELINE.models(COACH)) == ["gpt-6-luna"]
    assert list(PIPELINE.models({"nodes": {"n": {"type": "custom", "model": {"own": 1}}}})) == []
