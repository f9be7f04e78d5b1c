"""Checks of the API: its key and the scopes of the key, the endpoint, the OpenAI project and the clock."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from reconciler.live.errors import DeniedError, LiveError
from reconciler.live.probing import MODELS, ListProbe
from reconciler.operations.doctor.subject import Answers, Subject
from reconciler.project.endpoint import is_embedded, is_openai, shown
from reconciler.project.health import CheckResult, ok, results_of, unknown
from reconciler.resources.name_lists import few
from reconciler.s3.location import is_loopback

KEY: Final = "OPENAI_API_KEY"
_CLOCK: Final = 30.0
"""Seconds by which the clocks of hosts may differ: the grace of a lock."""
_SLOW: Final = 2.0
"""Seconds that the fastest response may take."""
_READING: Final = "`plan`, `apply`, `drift`, `pull` and `status`"


async def check_key(subject: Subject) -> list[CheckResult]:
    """Check that there is a key, and that the API accepts it."""
    if is_embedded(subject.endpoint):
        return [ok("the embedded API needs no key")]
    if subject.key_error:
        return results_of(subject.key_error.problems)
    answers = await subject.answers()
    if not answers.reached:
        return [CheckResult("warning", f"{KEY} is set; the API did not respond, so that it is not known to be valid")]
    if not answers.accepts_key:
        hint = f"Set {KEY} to a valid key of the right OpenAI project."
        return [CheckResult("failure", f"the API rejects the key in {KEY} (401)", hint, "unauthorized")]
    return [ok(f"the API accepts the key in {KEY}")]


async def check_endpoint(subject: Subject) -> list[CheckResult]:
    """Check that the API responds, encrypted and in time."""
    endpoint = subject.endpoint
    if is_embedded(endpoint):
        where = "its data is in .reconciler/" if subject.root else "it requires a project"
        return [ok(f"{endpoint}: the API in this process; {where}")]
    address, name = urlsplit(endpoint or "https://"), shown(endpoint)
    found: list[CheckResult] = []
    if address.scheme == "http" and not is_loopback(address.hostname or ""):
        message = f"{name} is not encrypted, and the key is sent to it"
        found.append(CheckResult("warning", message, "Use a URL that begins with https://."))
    answers = await subject.answers()
    if not answers.reached:
        return found + [one for probe in answers.lists[:1] if probe.error for one in results_of(probe.error.problems)]
    seconds = min(one.seconds for one in answers.reached)
    kind = "OpenAI" if is_openai(endpoint) else "not a server of OpenAI"
    text = f"{name}: {kind}{', TLS' if address.scheme == 'https' else ''}, responds in {1000 * seconds:.0f} ms"
    slow = CheckResult("warning", text, "Check the network and the proxy, and raise `--timeout` for large projects.")
    return [*found, slow if seconds > _SLOW else ok(text)]


async def check_scopes(subject: Subject) -> list[CheckResult]:
    """Check every list that commands read, and say which commands a refused list limits."""
    if subject.is_unused:
        return [ok("the embedded API permits everything; it was not used yet")]
    answers = await subject.answers()
    if not answers.accepts_key:
        return []
    readable = [f"/{'/'.join(one.path)}" for one in answers.lists if not one.error]
    used, is_ours = await subject.used(), is_openai(subject.endpoint)
    found = [_refused(one, one.error, used, is_ours=is_ours) for one in answers.lists if one.error]
    if not readable:
        return found
    writing = "only reads were tried: whether the key may write cannot be checked without a write"
    unneeded = "`plan`, `drift`, `status`, `inventory` and `import` do not need it"
    return [*found, ok(f"may read {', '.join(readable)}"), unknown(f"{writing}; {unneeded}")]


def _refused(one: ListProbe, error: LiveError, used: set[str], *, is_ours: bool) -> CheckResult:
    problem, needed = error.problems[0], sorted(one.types & used)
    is_absent = not is_ours and not isinstance(error, DeniedError) and problem.code == "not-found"
    if is_absent and not needed:
        return ok(f"{one.request} is not served, and no object of the project needs it")
    hint = f"Grant the key the scope `{error.scope}`." if error.scope and not is_absent else problem.hint
    if needed:
        limits = f"{_READING} fail, because the project has objects of the type {few(needed)}"
        return CheckResult("failure", f"{problem.message}: {limits}", hint, problem.code)
    return CheckResult("warning", f"{problem.message}: {_limits(one)}", hint, problem.code)


def _limits(one: ListProbe) -> str:
    """Return what the lack of a list limits that no object of the project needs."""
    if one.types == {MODELS}:
        return "`plan` does not warn of models that are shut down"
    limits = "`inventory` and `import` end with an error"
    return (
        f"{limits}, and deletes of objects of the type {few(sorted(one.blocks))} are refused" if one.blocks else limits
    )


async def check_project(subject: Subject) -> list[CheckResult]:
    """Compare the OpenAI project of the key with the one that each environment is restricted to."""
    if subject.is_unused:
        return [ok("the embedded API has one project; it was not used yet")]
    answers = await subject.answers()
    if not answers.accepts_key:
        return []
    if answers.project is None:
        return [unknown("the API does not name the project of the key, so that `openai_project` is not checked")]
    organisation = f", organisation {answers.organization}" if answers.organization else ""
    return [*_other_projects(subject, answers), ok(f"{answers.project}{organisation}")]


def _other_projects(subject: Subject, answers: Answers) -> Iterator[CheckResult]:
    """Yield a result for each environment that is restricted to another project."""
    for one in subject.environments:
        wanted = one.loaded.project.openai_project
        if wanted and wanted != answers.project:
            where = f"the environment {one.name}" if one.name else "the project"
            message = f"{where} is restricted to {wanted}, and the key belongs to {answers.project}"
            hint = f"Set {KEY} to a key of {wanted}, or correct `openai_project` in project.yaml."
            # Of several environments, each may have its own key.
            is_only = len(subject.environments) == 1
            yield CheckResult("failure" if is_only else "warning", message, hint, "wrong-project")


async def check_clock(subject: Subject) -> list[CheckResult]:
    """Compare the local clock with the time of the responses."""
    if is_embedded(subject.endpoint):
        return [ok("the embedded API uses the clock of this machine")]
    answers = await subject.answers()
    ahead = answers.clock_difference
    if not answers.reached:
        return []
    if ahead is None:
        return [unknown("the API does not send its time, so that the clock is not checked")]
    if abs(ahead) <= _CLOCK:
        return [ok(f"differs by at most {max(1, round(abs(ahead)))} s from that of the API")]
    way = "ahead of" if ahead > 0 else "behind"
    message = f"this machine is {abs(ahead):.0f} s {way} the API: locks may be taken over too early or too late"
    return [CheckResult("warning", message, "Synchronise the clock: timedatectl set-ntp true")]
