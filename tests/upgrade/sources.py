"""The manifests of the fixture projects, at each stage of their lives, as text."""

import textwrap
from typing import Final


def _files(**files: str) -> dict[str, str]:
    """Files by path: `__` stands for a slash and `_dot_` for a dot, so that paths can be names."""
    return {path.replace("__", "/").replace("_dot_", "."): _text(text) for path, text in files.items()}


def _text(text: str) -> str:
    return textwrap.dedent(text).lstrip("\n")


def manifest(kind: str, name: str, body: str) -> str:
    return f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{_text(body)}"


IGNORED: Final = ".reconciler/\npublished/\nkb/private/\n"
"""The `.gitignore` of every project. It is not kept among the data, where it would hide files of this repository."""

ACME_PROJECT: Final = _text(
    """
    apiVersion: reconciler/v1
    kind: Project
    metadata:
      name: acme
    spec:
      defaults: {target: responses}
      environments:
        staging:
          variables: {tier: rehearsal, hits: 4, phone: 01632 960199, note: first}
        production:
          openai_project: proj_embedded
          variables: {tier: gold, hits: 8, phone: 01632 960100, note: none}
      outlets: [{directory: published}]
      peers: [acme/staging, acme/production]
      safety: {max_deletes: 6, max_daily_cost: 20}
      prices: {models: {gpt-6-luna: 0.50}}
      limits: {requests_per_minute: {POST: 250}}
    """
)

FLOW: Final = manifest(
    "Pipeline",
    "flow",
    """
    spec:
      nodes:
        sort:
          type: router
          model: gpt-6-luna
          prompt: Answer with BILLING or OTHER.
          keywords: [BILLING, OTHER]
          default_keyword: OTHER
        billing: {type: assistant, assistant: billing, citations: true}
        triage: {type: assistant, assistant: triage}
        other: {type: llm, model: gpt-6-luna, prompt: Be brief., vector_stores: [handbook]}
      edges:
        - {from: start, to: sort}
        - {from: sort.BILLING, to: billing}
        - {from: sort.OTHER, to: triage}
        - {from: triage, to: other}
        - {from: [billing, other], to: end}
    """,
)

FRONT_DESK: Final = manifest(
    "Assistant",
    "front-desk",
    """
    lifecycle:
      ignore: [service_tier]
    spec:
      target: agents
      model: gpt-6-luna
      name: Acme service desk
      instructions: {$file: prompts/desk.md}
      service_tier: auto
    """,
)
DESK: Final = FRONT_DESK.replace("name: front-desk", "name: desk").replace(
    "  ignore: [service_tier]", "  ignore: [service_tier]\n  moved_from: front-desk"
)
MEMO: Final = manifest(
    "VectorStore",
    "memo",
    """
    lifecycle: {keep_on_delete: true}
    spec:
      files: ["notes/*.md"]
      metadata: {owner: desk}
    """,
)
NOTES: Final = MEMO.replace("name: memo", "name: notes").replace(
    "{keep_on_delete: true}", "{keep_on_delete: true, moved_from: [memo]}"
)


def agent(name: str, instructions: str, lifecycle: str = "") -> str:
    body = f"lifecycle: {lifecycle}\n" if lifecycle else ""
    return manifest(
        "Assistant", name, f"{body}spec: {{target: agents, model: gpt-6-luna, instructions: {instructions}}}\n"
    )


ACME: Final = {
    "project.yaml": ACME_PROJECT,
    ".gitignore": IGNORED,
    "pipelines/flow.yaml": FLOW,
    "assistants/front-desk.yaml": FRONT_DESK,
    "stores/memo.yaml": MEMO,
    "assistants/keeper.yaml": agent("keeper", "Stay when we are gone.", "{keep_on_delete: true}"),
    "assistants/old.yaml": agent("old", "Leave."),
    "assistants/gone.yaml": agent("gone", "Leave later."),
    "assistants/lodger.yaml": agent("lodger", "Stay as well.", "{keep_on_delete: true}"),
    **_files(
        assistants__triage_dot_yaml=manifest(
            "Assistant",
            "triage\n  labels: {team: network, customer: acme}",
            """
            spec:
              target: agents
              model: gpt-6-luna
              instructions: {$file: prompts/triage.md}
              reasoning: {effort: low}
              tools:
                - type: function
                  name: report_outage
                  description: Record a loss of supply.
                  parameters: {$file: tools/report_outage.json}
                - {type: web_search, mode: live}
              metadata: {tier: "${var.tier}"}
            """,
        ),
        assistants__warden_dot_yaml=manifest(
            "Assistant",
            "warden",
            """
            lifecycle: {protect: true}
            spec:
              target: agents
              model: gpt-6-luna
              instructions: Watch.
              metadata: {note: "${var.note}"}
            """,
        ),
        assistants__billing_dot_yaml=manifest(
            "Assistant",
            "billing",
            """
            spec:
              model: gpt-5.6-terra
              instructions: |
                Answer questions about bills. If the handbook does not say, give the number ${var.phone}.
              reasoning: {effort: none}
              temperature: 0.2
              max_output_tokens: 1200
              tools:
                - type: file_search
                  vector_store_ids: [handbook, tariffs]
                  max_num_results: "${var.hits}"
                - type: function
                  name: report_outage
                  parameters: {$file: tools/report_outage.json}
                  strict: true
                - type: code_interpreter
                  container: {type: auto, file_ids: [data/tariffs.csv]}
            """,
        ),
        assistants__early_dot_yaml=manifest(
            "Assistant",
            "early",
            """
            spec:
              model: gpt-6-luna
              instructions: Be brief.
              tools:
                - {type: file_search, vector_store_ids: [private]}
              extra: {brand_new_setting: {level: 2}}
            """,
        ),
        assistants__diarist_dot_yaml=manifest(
            "Assistant",
            "diarist",
            """
            spec:
              model: gpt-6-luna
              tools:
                - {type: file_search, vector_store_ids: [notes]}
            """,
        ),
        stores__handbook_dot_yaml=manifest(
            "VectorStore",
            "handbook",
            """
            spec:
              name: Acme handbook
              description: What is known.
              files:
                - kb/open/**/*.md
                - path: kb/open/safety.md
                  attributes: {urgent: true}
                  chunking_strategy: {type: auto}
              attributes: {language: en}
              chunking_strategy: {type: static, static: {max_chunk_size_tokens: 600, chunk_overlap_tokens: 150}}
              metadata: {owner: knowledge}
              prune: true
            """,
        ),
        stores__tariffs_dot_yaml=manifest(
            "VectorStore", "tariffs", 'spec:\n  files: ["kb/tariffs/*.md"]\n  releases: live\n'
        ),
        stores__private_dot_yaml=manifest("VectorStore", "private", 'spec:\n  files: ["kb/private/*.md"]\n'),
        chatbots__support_dot_yaml=manifest("Chatbot", "support", "spec:\n  pipeline: flow\n  starts: [flow]\n"),
        chatbots__hotline_dot_yaml=manifest("Chatbot", "hotline", "spec:\n  assistant: early\n"),
        chatbots__diary_dot_yaml=manifest("Chatbot", "diary", "spec:\n  assistant: diarist\n"),
        prompts__triage_dot_md="Find out what it is about.\n\nNever promise a date.\n",
        prompts__desk_dot_md="You take reports of power cuts. For anything else, give the number ${var.phone}.\n",
        tools__report_outage_dot_json="""
            {
              "type": "object",
              "properties": {"postcode": {"type": "string"}},
              "required": ["postcode"],
              "additionalProperties": false
            }
        """,
        data__tariffs_dot_csv="tariff,pence_per_kwh\ncare-plus,24.1\n",
        kb__open__bills_dot_md="Bills are sent on the first of the month.\n",
        kb__open__safety_dot_md="If you smell gas, open the windows, leave the house, then call.\n",
        kb__open__meters__reading_dot_md="Read the meter at the end of the month.\n",
        kb__open__meters__bills_dot_md="The name of this page is that of another one.\n",
        kb__tariffs__day_dot_md="By day a unit costs 31 cents.\n",
        kb__tariffs__night_dot_md="By night a unit costs 22 cents.\n",
        kb__private__prices_dot_md="What large customers pay.\n",
        notes__monday_dot_md="Monday: quiet.\n",
        # The bytes of another page, under its name: one upload with two addresses.
        notes__reading_dot_md="Read the meter at the end of the month.\n",
    ),
}

DIARIST_BEFORE: Final = ACME["assistants/diarist.yaml"].replace("notes", "memo")
"""As it was before its store was renamed."""

INITECH: Final = {
    "project.yaml": "apiVersion: reconciler/v1\nkind: Project\nmetadata: {name: initech}\n",
    ".gitignore": IGNORED,
    "assistants/large.yaml": agent("large", " ".join(f"Rule {number}." for number in range(3000))),
    "assistants/small.yaml": agent("small", "turn-0"),
}

GLOBEX_PROJECT: Final = _text(
    """
    apiVersion: reconciler/v1
    kind: Project
    metadata:
      name: globex
    spec:
      defaults: {target: agents}
      outlets: [{directory: published}]
      safety: {max_deletes: 10}
    """
)
HELPER: Final = manifest(
    "Assistant",
    "helper",
    """
    spec:
      target: responses
      model: gpt-6-luna
      instructions: Help.
      tools:
        - {type: file_search, vector_store_ids: [kb]}
    """,
)
GLOBEX: Final = {
    "project.yaml": GLOBEX_PROJECT,
    ".gitignore": IGNORED,
    "assistants/clerk.yaml": agent("clerk", "File it."),
    "assistants/goes.yaml": agent("goes", "Leave."),
    "assistants/helper.yaml": HELPER,
    "stores/kb.yaml": manifest("VectorStore", "kb", 'spec:\n  files: ["kb/*.md"]\n  metadata: {lang: en}\n'),
    "chatbots/desk.yaml": manifest("Chatbot", "desk", "spec:\n  assistant: helper\n"),
    "kb/hours.md": "Open on Sundays.\n",
    "kb/rules.md": "Be kind.\n",
}
GLOBEX_LATER: Final = {
    "assistants/clerk.yaml": agent("clerk", "File it twice."),
    "assistants/goes.yaml": None,
    "assistants/new-a.yaml": agent("new-a", "Begin."),
    "assistants/new-b.yaml": agent("new-b", "Go on."),
    "assistants/new-c.yaml": agent("new-c", "End."),
    "assistants/helper.yaml": HELPER.replace("Help.", "Help more."),
    "kb/hours.md": "Closed on Sundays.\n",
    "kb/extra.md": "More.\n",
    "stores/more.yaml": manifest("VectorStore", "more", 'spec:\n  files: ["more/**/*.md"]\n'),
    # Uploads that only their bytes tell apart are announced one at a time.
    "more/one/page.md": "Page 1.\n",
    "more/two/page.md": "Page 2.\n",
}
"""What the next apply of globex does: every sort of write. None is for a file that is removed."""
