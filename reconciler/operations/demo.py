"""`demo`: the main workflow on the sample organisation, with the commands that a user would run."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from reconciler.operations.demo_shell import Stage, embedded_api, environ_of, request

HOTFIX: Final = "If the caller reports a smell of gas, stop and give the emergency number at once."

AGENT_NAME: Final = "Brightwater outage desk"
REPORTER: Final = "Brightwater outage reporter"
TEMPLATE: Final = "Brightwater outage report"
WEEKLY: Final = {"type": "periodic", "name": "Weekly summary", "expression": "0 6 * * 1", "timezone": "Europe/London"}
TARGET: Final = {
    "type": "new_session",
    "input": [{"role": "user", "content": [{"type": "input_text", "text": "Summarize the week."}]}],
}
EXISTING_AGENT: Final = {"name": "Night porter", "model": "gpt-6-luna", "instructions": "Answer the door, kindly."}
OLD_ASSISTANT: Final = {
    "name": "Tariff desk",
    "model": "gpt-6-luna",
    "instructions": "Quote the tariff.",
    "temperature": 0.2,
    "tools": [{"type": "function", "function": {"name": "get_tariff", "description": "One tariff."}}],
}
CURL: Final = (
    'curl -H "Authorization: Bearer $OPENAI_API_KEY" -H "OpenAI-Beta: agents=v1" -H "Content-Type: application/json" '
    "$OPENAI_BASE_URL/agents"
)
TOKEN: Final = "INCIDENTS_TOKEN"  # noqa: S105 - the name of a variable
NIGHTLY: Final = "--env production --target automation/nightly-outage-report"
ASSISTANTS: Final = "assistants=v2"
CURL_ASSISTANTS: Final = (
    f'curl -H "Authorization: Bearer $OLD_KEY" -H "OpenAI-Beta: {ASSISTANTS}" -H "Content-Type: application/json"'
)

NEW_QUESTION: Final = "Ask whether the street lights are out as well."
BOT: Final = """\
from reconciler import bundles

bundle = bundles.load(".reconciler/bundles", "brightwater/staging", "chatbot/outage-desk")
print(f"release {bundle.release} answers with {bundle.agent_id('assistant/outage-desk')}")
"""
APPLICATION: Final = """\
from reconciler import bundles

bundle = bundles.load(".reconciler/bundles", "brightwater/staging", "chatbot/support@working")
request = bundle.request("assistant/billing")
print("pipeline:", *bundle.pipeline("pipeline/support-flow")["nodes"])
print("billing: ", request["model"], "with", *(tool.get("name", tool["type"]) for tool in request["tools"]))
# client.responses.create(**request, input="Why is my bill higher this month?")
"""


def sample() -> Path:
    """Return the folder of the sample organisation, in a checkout or in the installed package."""
    installed = Path(__file__).parent / "sample"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "manifests"


def demo(say: Callable[[str], None], reconciler: Callable[[list[str]], int]) -> None:
    """Run plan, apply, drift, releases, refusals and a bundle in a temporary folder.

    `reconciler` runs a command, given as words without `reconciler`, and returns its exit code.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as scratch:
        folder = Path(scratch, "brightwater")
        shutil.copytree(sample(), folder, ignore=shutil.ignore_patterns(".reconciler"))
        with embedded_api() as url:
            stage = Stage(folder, url, environ_of(url), say, reconciler)
            say(f"Sample organisation: {folder}\nEmbedded OpenAI API: {url}")
            for step in STEPS:
                step(stage)
    say("\nThe demo is complete. To start your own project, run: reconciler init DIR")
    say("If you already have agents or vector stores at OpenAI, set OPENAI_API_KEY and run: reconciler inventory")
    say("It writes nothing. In an empty folder, `reconciler import` then writes their manifests.")


def _first_apply(stage: Stage) -> None:
    stage.title("Plan: show the changes. Nothing is written.")
    stage.shell("reconciler plan | head -n 19")
    stage.title("Apply: make the changes. Independent objects are created in parallel. One of them needs a token.")
    stage.export(TOKEN, "token-of-staging")
    stage.shell("reconciler apply --yes | tail -n 6")
    stage.title("A second plan is empty: manifests and API responses are compared in a canonical form.")
    stage.shell("reconciler plan")


def _drift(stage: Stage) -> None:
    stage.title("An agent is changed outside Reconciler.")
    _change_outside_git(stage)
    stage.title("The drift report shows the changed fields. Exit code 2.")
    stage.shell("reconciler drift", expect=2)
    stage.title("Apply reverts the drift (or keeps it, with --on-drift keep).")
    stage.shell("reconciler apply --yes | tail -n 6")


def _release(stage: Stage) -> None:
    stage.title("Create a release, an immutable copy of the chatbot in one file, and publish it.")
    stage.shell('reconciler release outage-desk -m "First release" --publish')
    stage.title("Apply creates the copies, then moves the published pointer.")
    stage.shell("reconciler apply --yes | tail -n 8")


def _next_release(stage: Stage) -> None:
    stage.title("Edit, release and publish in one pull request.")
    stage.shell(f'echo "{NEW_QUESTION}" >> prompts/outage-desk.md')
    stage.shell('reconciler release outage-desk -m "Street lights" --publish')
    stage.title("Compare two releases.")
    stage.shell("reconciler diff outage-desk@1 outage-desk@2")
    stage.shell("reconciler apply --yes | tail -n 9")
    stage.title("An application loads the published release of the chatbot.")
    (stage.folder / "bot.py").write_text(BOT, encoding="utf-8")
    stage.shell("cat bot.py")
    stage.shell("python bot.py")


def _rollback(stage: Stage) -> None:
    stage.title("Roll back: publish the earlier release. No write request is sent to OpenAI.")
    stage.shell("reconciler publish outage-desk 1")
    stage.shell("reconciler apply --yes | tail -n 4")
    stage.shell("python bot.py")


def _refusal(stage: Stage) -> None:
    stage.title("A published release cannot be archived. Nothing is written, and the references are shown.")
    stage.shell("reconciler archive release/outage-desk@1", expect=3)
    stage.title("The plan refuses edits with the same effect, such as deleting an assistant in use.")
    stage.shell("rm assistants/outage-desk.yaml")
    stage.shell("reconciler plan", expect=3)


def _repair(stage: Stage) -> None:
    stage.title("Resolve the refusal: remove the dependents in the same pull request.")
    stage.shell("reconciler archive chatbot/outage-desk")
    stage.shell("rm pipelines/outage-followup.yaml")
    stage.title("Dependents are deleted before their dependencies.")
    stage.shell("reconciler plan")
    stage.shell("reconciler apply --yes | tail -n 2")


def _application(stage: Stage) -> None:
    stage.title("An application loads a published bundle. It needs no manifests, no state and no OpenAI client.")
    (stage.folder / "app.py").write_text(APPLICATION, encoding="utf-8")
    stage.shell("cat app.py")
    stage.shell("python app.py")


def _change_outside_git(stage: Stage) -> None:
    """Append a line to the instructions of an agent, as the dashboard or a script would."""
    agent = next(item for item in request(f"{stage.url}/agents?limit=100")["data"] if item["name"] == AGENT_NAME)
    stage.say(f'\n$ {CURL}/{agent["id"]} -d \'{{"instructions": "…{HOTFIX}"}}\'')
    request(f"{stage.url}/agents/{agent['id']}", {"instructions": f"{agent['instructions']}\n\n{HOTFIX}"})


def _nightly(stage: Stage) -> None:
    stage.title("An automation starts an agent every night, with a token from a vault and a skill in its environment.")
    stage.shell("sed -n '/^spec/,$p' automations/nightly-outage-report.yaml")
    stage.shell("sed -n '/^spec/,$p' credentials/incidents.yaml")
    stage.title("In production there is nothing yet. Plan the automation with everything that it needs.")
    stage.shell(f"reconciler plan {NIGHTLY}")
    stage.title("Only apply reads the token. If it is missing, nothing is written.")
    stage.shell(f"env -u {TOKEN} reconciler apply {NIGHTLY} --yes 2>&1 | tail -n 4")
    stage.export(TOKEN, "token-of-production")
    stage.shell(f"reconciler apply {NIGHTLY} --yes | tail -n 10")
    stage.title("The token is at OpenAI, and in no file of the project and of its state: nothing is found.")
    stage.shell("grep -rl token-of-production .", expect=1)


def _rotation(stage: Stage) -> None:
    stage.title("Rotate the token: set its new value, and increase the generation of the credential.")
    stage.export(TOKEN, "second-token-of-production")
    stage.shell("sed -i.bak 's/generation: 1/generation: 2/' credentials/incidents.yaml")
    stage.shell("reconciler plan --env production --target credential/incidents")
    stage.shell("reconciler apply --env production --target credential/incidents --yes | tail -n 4")


def _refused_template(stage: Stage) -> None:
    stage.title("Somebody adds an automation by hand, in the same environment.")
    agent, template = (
        next(item["id"] for item in request(f"{stage.url}/agents{path}?limit=100")["data"] if item["name"] == name)
        for path, name in (("", REPORTER), ("/environments/templates", TEMPLATE))
    )
    environment = {"type": "openai_hosted", "environment_template_id": template}
    by_hand = {**WEEKLY, "target": {**TARGET, "agent_id": agent, "environment": environment}}
    stage.say(f"\n$ {CURL}/automations -d '{json.dumps(by_hand)}'")
    made = request(f"{stage.url}/agents/automations", by_hand)
    stage.title("The template cannot be deleted: its own automation is removed, but the other one still uses it.")
    stage.shell("rm automations/nightly-outage-report.yaml templates/outage-report.yaml")
    stage.shell(f"reconciler plan {NIGHTLY} --target template/outage-report", expect=3)
    stage.title("After the other automation is deleted, apply deletes the automation, then the template.")
    stage.say(f"\n$ {CURL}/automations/{made['id']} -X DELETE")
    request(f"{stage.url}/agents/automations/{made['id']}", method="DELETE")
    stage.shell(f"reconciler apply {NIGHTLY} --target template/outage-report --yes | tail -n 8")


def _existing_account(stage: Stage) -> None:
    stage.title("Existing accounts: an agent that was created before the project.")
    stage.say(f"\n$ {CURL} -d '{json.dumps(EXISTING_AGENT)}'")
    request(f"{stage.url}/agents", EXISTING_AGENT)
    environ = {name: value for name, value in stage.environ.items() if name != "RECONCILER_ENV"}
    elsewhere = replace(stage, folder=stage.folder.parent, environ=environ)
    stage.title("Import its manifest and adopt the agent. Adopting writes only labels and the state.")
    elsewhere.shell("reconciler import --name 'Night porter' --into imported")
    elsewhere.shell("reconciler adopt -C imported --yes | tail -n 6")
    elsewhere.shell("reconciler plan -C imported")


def _bridge(stage: Stage) -> None:
    with embedded_api("--assistants") as url:
        stage.title("A server with the Assistants API, which OpenAI has shut down, still has an assistant.")
        stage.say(f"\n$ {CURL_ASSISTANTS} {url}/assistants -d '{json.dumps(OLD_ASSISTANT)}'")
        request(f"{url}/assistants", OLD_ASSISTANT, beta=ASSISTANTS)
        environ = {name: value for name, value in stage.environ.items() if name != "RECONCILER_ENV"}
        elsewhere = replace(stage, folder=stage.folder.parent, environ={**environ, "RECONCILER_SOURCE_API_KEY": "demo"})
        stage.title("Migrate it to the Responses API. The report says how each field was mapped.")
        elsewhere.shell(f"reconciler migrate --live {url} --to responses --into migrated")
    elsewhere.shell("cat migrated/assistants/tariff-desk.yaml")
    elsewhere.shell("reconciler apply -C migrated --yes | head -n 1")


STEPS: Final = (
    _first_apply,
    _drift,
    _release,
    _next_release,
    _rollback,
    _refusal,
    _repair,
    _application,
    _nightly,
    _rotation,
    _refused_template,
    _existing_account,
    _bridge,
)
