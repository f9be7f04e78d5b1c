"""`demo`: the main workflow on the sample organisation, with the commands that a user would run."""

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from reconciler.resources.problems import Problem, ReconcilerError

PREFIX: Final = "reconciler "
ENVIRONMENT: Final = "staging"
HOTFIX: Final = "If the caller reports a smell of gas, stop and give the emergency number at once."

AGENT_NAME: Final = "Brightwater outage desk"
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


@dataclass(frozen=True)
class Stage:
    """A temporary copy of the sample organisation, and the API that it is applied to."""

    folder: Path
    url: str
    environ: Mapping[str, str]
    say: Callable[[str], None]
    reconciler: Callable[[list[str]], int]
    """A function that runs a `reconciler` command in this process, which is faster than a new process."""

    def title(self, text: str) -> None:
        self.say(f"\n# {text}")

    def shell(self, command: str, *, expect: int = 0) -> None:
        """Print and run a command, with its output on stdout; raises ReconcilerError for an unexpected exit code."""
        self.say(f"\n$ {command}")
        code = (
            self._run_reconciler(command.removeprefix(PREFIX))
            if command.startswith(PREFIX)
            else self._run_shell(command)
        )
        if code != expect:
            message = f"`{command}` returned exit code {code} instead of {expect}"
            raise ReconcilerError(Problem("demo", message, hint="This is a bug in Reconciler. Please report it."))

    def _run_reconciler(self, command: str) -> int:
        words, _, pipe = command.partition(" | ")
        with chdir(self.folder), _environment(self.environ):
            if not pipe:
                return self.reconciler(shlex.split(words))
            with redirect_stdout(io.StringIO()) as printed:
                code = self.reconciler(shlex.split(words))
        return code or self._run_shell(pipe, printed.getvalue())

    def _run_shell(self, command: str, given: str | None = None) -> int:
        sys.stdout.flush()
        folder, environ = self.folder, dict(self.environ)
        done = subprocess.run(command, shell=True, cwd=folder, env=environ, input=given, text=True, check=False)  # noqa: S602
        return done.returncode


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
        with _api() as url:
            stage = Stage(folder, url, _environ(url), say, reconciler)
            say(f"Sample organisation: {folder}\nEmbedded OpenAI API: {url}")
            for step in STEPS:
                step(stage)
    say("\nThe demo is complete. To start your own project, run: reconciler init DIR")


def _first_apply(stage: Stage) -> None:
    stage.title("Plan: show the changes. Nothing is written.")
    stage.shell("reconciler plan | head -n 19")
    stage.title("Apply: make the changes. Independent objects are created in parallel.")
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
    agent = next(item for item in _request(f"{stage.url}/agents?limit=100")["data"] if item["name"] == AGENT_NAME)
    stage.say(f'\n$ {CURL}/{agent["id"]} -d \'{{"instructions": "…{HOTFIX}"}}\'')
    _request(f"{stage.url}/agents/{agent['id']}", {"instructions": f"{agent['instructions']}\n\n{HOTFIX}"})


def _existing_account(stage: Stage) -> None:
    stage.title("Existing accounts: an agent that was created before the project.")
    stage.say(f"\n$ {CURL} -d '{json.dumps(EXISTING_AGENT)}'")
    _request(f"{stage.url}/agents", EXISTING_AGENT)
    environ = {name: value for name, value in stage.environ.items() if name != "RECONCILER_ENV"}
    elsewhere = replace(stage, folder=stage.folder.parent, environ=environ)
    stage.title("Import its manifest and adopt the agent. Adopting writes only labels and the state.")
    elsewhere.shell("reconciler import --name 'Night*' --into imported")
    elsewhere.shell("reconciler adopt -C imported --yes | tail -n 6")
    elsewhere.shell("reconciler plan -C imported")


def _bridge(stage: Stage) -> None:
    with _api("--assistants") as url:
        stage.title("A server with the Assistants API, which OpenAI has shut down, still has an assistant.")
        stage.say(f"\n$ {CURL_ASSISTANTS} {url}/assistants -d '{json.dumps(OLD_ASSISTANT)}'")
        _request(f"{url}/assistants", OLD_ASSISTANT, beta=ASSISTANTS)
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
    _existing_account,
    _bridge,
)


def _request(
    url: str, body: Mapping[str, object] | None = None, beta: str = "agents=v1"
) -> dict[str, list[dict[str, str]]]:
    headers = {"Authorization": "Bearer demo", "OpenAI-Beta": beta, "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own server on this machine
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        answer: dict[str, list[dict[str, str]]] = json.load(response)
        return answer


@contextmanager
def _api(*options: str) -> Iterator[str]:
    """Start the embedded API in another process; yields its base URL."""
    command = [sys.executable, "-m", "reconciler.cli.main", "emulator", "serve", "--port", "0", *options]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    try:
        line = server.stderr.readline() if server.stderr else ""
        if "http://" not in line:
            rest = server.stderr.read() if server.stderr else ""
            raise ReconcilerError(Problem("demo", f"the embedded API did not start: {line}{rest}"))
        yield "http://" + line.partition("http://")[2].split()[0]
    finally:
        server.terminate()
        server.wait()
        if server.stderr:
            server.stderr.close()


@contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _environ(url: str) -> dict[str, str]:
    """Return the environment of the user, without variables that would redirect the demo."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILER_", "OPENAI_", "CI"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return kept | {"PATH": path, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "demo", "RECONCILER_ENV": ENVIRONMENT}
