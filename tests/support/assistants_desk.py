"""A sample project on target `assistants` in Git: two chatbots, of which one is published, and what they use."""

import json
from pathlib import Path

from reconciler.releases.release import release
from tests.support.desk import COMMON, HEAD, Desk, project

TRIAGE = """\
# The first contact.
apiVersion: reconciler/v1
kind: Assistant
metadata:
  name: triage
  labels: {team: claims}  # pays
lifecycle: {protect: true, ignore: [temperature, name], moved_from: [first-contact]}
spec:
  model: gpt-4o  # cheap
  name: Claims Desk
  description: Answers questions.
  instructions: {$file: prompts/triage.md}  # reviewed by legal
  tools:
    # searches the handbook
    - type: file_search
      file_search: {max_num_results: 8, ranking_options: {score_threshold: 0.5, ranker: default_2024_08_21}}
    - type: code_interpreter
    # asks the claims system
    - type: function
      function:
        name: get_claim  # do not rename
        description: One claim.
        parameters: {$file: tools/get_claim.json}
        strict: true
  tool_resources:
    file_search: {vector_store_ids: [handbook]}
    code_interpreter: {file_ids: [data/tariffs.csv]}
  temperature: ${var.warmth}
  response_format:
    type: json_schema
    json_schema: {name: answer, strict: true, schema: {$file: formats/answer.json}}
  reasoning_effort: low
  metadata: {tier: gold}
"""
SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"], "additionalProperties": False}

FILES = COMMON | {
    "project.yaml": project("assistants"),
    "assistants/triage.yaml": TRIAGE,
    "pipelines/flow.yaml": HEAD.format(kind="Pipeline", name="flow", more="")
    + "  nodes:\n"
    + "    first: {type: assistant, assistant: triage}  # first contact\n"
    + "    think: {type: llm, functions_from: [assistant/triage]}\n"
    + "    last: {type: assistant, assistant: closer}\n"
    + "  edges:\n"
    + "    - {from: start, to: first}\n"
    + "    - {from: first, to: think}\n"
    + "    - {from: think, to: last}\n"
    + "    - {from: last, to: end}\n",
    "chatbots/night.yaml": HEAD.format(kind="Chatbot", name="night", more="") + "  assistant: closer\n",
    "prompts/triage.md": "# Role\n\nAnswer shortly. Call ${var.phone}, never $${var.phone}.\n",
    "tools/get_claim.json": json.dumps(SCHEMA),
    "formats/answer.json": json.dumps(SCHEMA),
    "data/tariffs.csv": "a,b\n",
}


def assistants_desk(folder: Path) -> Desk:
    """Write the project with the published release `support@1`, and commit it."""
    made = Desk.of(folder, FILES)
    made.start()
    release(made.root, {}, "support", publish=True)
    made.commit()
    return made
