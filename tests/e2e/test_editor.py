"""Manifests in an editor: what a real YAML language server says of the sample organisation, by its schema lines."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.support.language_server import Editor, editor

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "manifests"
NUMBERS = count(1)
FILES = sorted(path.relative_to(SAMPLE).as_posix() for path in SAMPLE.rglob("*.yaml"))
HEAD = "# yaml-language-server: $schema=../schemas/manifest.schema.json\napiVersion: reconciler/v1\n"
REQUEST = f"{HEAD}kind: Assistant\nmetadata:\n  name: desk\nspec:\n  target: responses\n  model: gpt-6-luna\n"
AGENT = f"{HEAD}kind: Assistant\nmetadata:\n  name: desk\nspec:\n  target: agents\n  model: gpt-6-luna\n"
SEARCH = f"{REQUEST}  tools:\n    - type: file_search\n      vector_store_ids: [handbook]\n"
PROJECT = f"{HEAD}kind: Project\nmetadata:\n  name: acme\nspec:\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Editor]:
    """A language server in which the files of the sample are open."""
    with editor(ROOT) as made:
        for file in FILES:
            made.open(SAMPLE / file)
        yield made


@pytest.fixture
def unsaved(server: Editor) -> Callable[[str], Path]:
    """Opens a document that is only in the editor."""

    def opened(text: str) -> Path:
        path = SAMPLE / f"unsaved-{next(NUMBERS)}.yaml"
        server.open(path, text)
        return path

    return opened


@pytest.mark.parametrize("file", FILES)
def test_manifest_of_the_sample_has_no_diagnostics(server, file):
    assert server.problems(SAMPLE / file) == []


@pytest.mark.parametrize(
    ("file", "at", "inside", "title", "text"),
    [
        ("assistants/billing.yaml", "kind:", "", "kind", "Kind of the manifest"),
        ("assistants/billing.yaml", "name:", "", "name", "Name of the manifest"),
        (
            "assistants/billing.yaml",
            "spec:",
            "",
            "Assistant (responses)",
            "constant part of Responses API requests",
        ),
        ("assistants/outage-desk.yaml", "spec:", "", "Assistant (agents)", "an agent that is saved at OpenAI"),
        ("assistants/outage-desk.yaml", "ignore:", "", "ignore", "neither compared nor changed afterwards"),
        ("assistants/billing.yaml", "temperature:", "", "temperature", "from 0 to 2"),
        ("assistants/billing.yaml", "max_output_tokens:", "", "max_output_tokens", "reasoning tokens included"),
        ("assistants/billing.yaml", "reasoning:", "", "reasoning", "Settings of reasoning models"),
        ("assistants/billing.yaml", "reasoning:", "effort", "effort", "Less effort means faster answers"),
        ("assistants/billing.yaml", "vector_store_ids:", "", "vector_store_ids", "names of manifests"),
        ("assistants/billing.yaml", "ranking_options:", "", "ranking_options", "Settings of the ranking"),
        ("assistants/billing.yaml", "ranking_options:", "score", "score_threshold", "from 0 to 1"),
        ("assistants/billing.yaml", "parameters:", "", "parameters", "JSON Schema of the parameters"),
        ("assistants/billing.yaml", "instructions:", "", "instructions", "Instructions, as a system message"),
        ("assistants/billing.yaml", "instructions:", "$file", "$file", "relative to the project folder"),
        ("assistants/meter-analyst.yaml", "container:", "", "container", "Id of an existing container"),
        ("assistants/meter-analyst.yaml", "memory_limit:", "", "memory_limit", "`64g`"),
        ("stores/handbook.yaml", "- path:", "", "path", "Path or glob of files"),
        ("stores/handbook.yaml", "chunking_strategy:", "", "chunking_strategy", "Chunking of these files"),
        ("pipelines/support-flow.yaml", "- {from:", "from", "from", "NODE.OUTPUT"),
        ("project.yaml", "max_deletes:", "", "max_deletes", "Default: 3 or 30 %"),
        ("project.yaml", "state:", "", "state", "Backend that stores the state"),
        ("project.yaml", "backend:", "", "backend", "Always `local`"),
    ],
)
def test_hover_shows_the_description_of_the_field(server, file, at, inside, title, text):
    lines = (SAMPLE / file).read_text().splitlines()
    number, line = next((number, line) for number, line in enumerate(lines) if line.strip().startswith(at))
    column = line.index(inside or at.removeprefix("- "))
    found = server.hover(SAMPLE / file, number, column + 1).replace("\\", "")
    assert found.startswith(f"#### {title}\n\n")
    assert text in found
    assert ("Path of a file" in found) == (inside == "$file")


@pytest.mark.parametrize(
    ("text", "expected", "others"),
    [
        (f"{HEAD}kind: ", {"Project", "Assistant", "VectorStore", "Pipeline", "Chatbot", "Consent"}, {"agents"}),
        (f"{REQUEST}  ", {"temperature", "tools", "instructions", "max_tool_calls"}, {"multi_agent", "model", "kind"}),
        (f"{AGENT}  ", {"multi_agent", "tools", "instructions", "compaction"}, {"temperature", "model", "kind"}),
        (f"{REQUEST}  tools:\n    - type: ", {"file_search", "function", "mcp", "shell"}, {"automations"}),
        (f"{AGENT}  tools:\n    - type: ", {"function", "mcp", "automations"}, {"file_search", "shell"}),
        (f"{SEARCH}      ", {"filters", "max_num_results", "ranking_options"}, {"vector_store_ids", "parameters"}),
        (f"{REQUEST}  reasoning:\n    effort: ", {"none", "low", "xhigh"}, {"auto"}),
        (f"{PROJECT}  ", {"environments", "state", "safety", "prices"}, {"model"}),
        (f"{PROJECT}  state:\n    backend: ", {"local", "git", "s3", "postgres"}, {"redis"}),
    ],
)
def test_completion_offers_what_fits_and_nothing_else(server, unsaved, text, expected, others):
    path = unsaved(text)
    lines = text.split("\n")
    found = server.completions(path, len(lines) - 1, len(lines[-1])).keys()
    assert expected <= found
    assert not others & found


def test_completion_explains_what_it_offers(server, unsaved):
    items = server.completions(unsaved(f"{SEARCH}      "), SEARCH.count("\n"), 6)
    assert "from 1 to 50" in str(items["max_num_results"]["documentation"])


NAME = "String does not match the pattern of"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{REQUEST}  temperatur: 0.2\n", ["9: Property temperatur is not allowed."]),
        (f"{AGENT}  temperature: 0.2\n", ["9: Property temperature is not allowed."]),
        (REQUEST.replace("desk", "Front Desk"), [f'5: {NAME} "^[a-z0-9]([-a-z0-9]{{0,61}}[a-z0-9])?$".']),
        (REQUEST.replace("Assistant", "Asistant"), ['3: Value must be "Assistant".']),
        (REQUEST.replace("v1", "v2"), ['2: Value must be "reconciler/v1".']),
        (REQUEST.replace("responses", "response"), ['7: Value must be "agents" | "responses" | "assistants".']),
        (REQUEST.replace("  model: gpt-6-luna\n", ""), ['6: Missing property "model".']),
        (f"{REQUEST}  truncation: always\n", ['9: Value is not accepted. Valid values: "auto", "disabled".']),
        (f"{REQUEST}  temperature: 3\n", ["9: Value is above the maximum of 2."]),
        (f"{SEARCH}      max_num_result: 5\n", ["12: Property max_num_result is not allowed."]),
        (SEARCH.replace("file_search", "file_serch"), ['10: Value must be "file_search".']),
        (f"{REQUEST}  metadata: {{reconciler-tier: gold}}\n", [f'9: {NAME} "^(?!reconciler-)".']),
        (f"{PROJECT}  safety: {{max_delete: 5}}\n", ["7: Property max_delete is not allowed."]),
        (f"{REQUEST}  temperature: ${{var.heat}}\n", []),
        (
            f"{PROJECT}  safety: {{max_deletes: '${{var.most}}'}}\n",
            ["7: Incorrect type. Expected one of integer, null."],
        ),
    ],
)
def test_diagnostics_name_the_place_and_what_is_valid(server, unsaved, text, expected):
    assert server.problems(unsaved(text)) == expected


def test_each_document_of_a_file_needs_the_line(server, unsaved):
    line, first = REQUEST.split("\n", 1)
    second = f"{first}  top_k: 3\n"
    without, with_line = unsaved(f"{REQUEST}---\n{second}"), unsaved(f"{REQUEST}---\n{line}\n{second}")
    assert server.problems(without) == []
    assert server.problems(with_line) == ["18: Property top_k is not allowed."]
