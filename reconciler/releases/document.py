"""A release as a manifest: written for people who review it, and read back before anybody relies on it."""

from dataclasses import replace
from typing import Final

from reconciler.manifests.drafts import Draft
from reconciler.manifests.expansion import Expander
from reconciler.manifests.folder import MAX_MANIFEST
from reconciler.manifests.includes import Sources
from reconciler.manifests.parsing import parse_document
from reconciler.manifests.validation import validate
from reconciler.manifests.variables import Variables
from reconciler.manifests.writing import manifest_text
from reconciler.project.all_environments import AllEnvironments
from reconciler.releases.snapshot import closure, own_object
from reconciler.resources.address import Address, release_number
from reconciler.resources.base import Desired, Resource, Scope
from reconciler.resources.kinds.chatbot_version import KIND
from reconciler.resources.problems import Problem, ReconcilerError
from reconciler.resources.releases.content import ChatbotVersionSpec, Content, KeptFiles, content_digest
from reconciler.resources.releases.freezing import parts
from reconciler.resources.values import JSON, same

FOLDER: Final = "releases"
_COMMENT: Final = """\
Release {number} of chatbot/{chatbot}, made by `reconciler release`: all it takes, as it was written, before variables.
Never edit it: what is to change is changed in the manifests, and released again.
"""


def path_of(release: Address) -> str:
    """Where the manifest of a release goes: `releases/support/v3.yaml`."""
    return f"{FOLDER}/{_chatbot(release)}/v{release_number(release)}.yaml"


def _chatbot(release: Address) -> str:
    return release.name.partition("@")[0]


def manifest_of(release: Address, content: Content, message: str) -> str:
    """The text of the manifest; ReconcilerError where it would be larger than a manifest may be."""
    written: dict[str, JSON] = {"message": message} if message else {}
    written |= {"digest": content_digest(content), "content": content.model_dump(mode="json", exclude_unset=True)}
    comment = _COMMENT.format(chatbot=_chatbot(release), number=release_number(release))
    text = manifest_text(Draft(KIND.name, release.name, written, comment))
    if len(text.encode()) > MAX_MANIFEST:
        message = f"{release} would be larger than a manifest may be: {MAX_MANIFEST // 2**20} MiB"
        raise ReconcilerError(Problem("too-large", message, hint="Move large texts into files of a vector store."))
    return text


def read_back(text: str, project: AllEnvironments) -> Resource:
    """The release that a text is read as; ReconcilerError where it is none."""
    expander = Expander(Sources(project.root, ""), Variables({}))
    found = validate(parse_document(text, "the release"), expander, {KIND.name: KIND}, None)
    if found.resource is None:
        raise ReconcilerError(*found.problems)
    return found.resource


def check_faithful(release: Resource, chatbot: Resource, project: AllEnvironments) -> None:
    """ReconcilerError unless a release that was read back has the content that its digest is of, and asks in every
    environment for exactly what the working manifests ask for.
    """
    spec: ChatbotVersionSpec = release.spec
    kept = KeptFiles(spec.content.files if spec.content else {})
    for loaded in project.loads:
        scope = replace(loaded.scope, files=kept)
        findings = [finding for finding in release.kind.check(release, scope) if finding.severity == "error"]
        if findings:
            raise ReconcilerError(*(_unfaithful(chatbot, finding.message) for finding in findings))
        working = closure(loaded, chatbot.address)
        for part in parts(release, scope):
            if part.kind.frozen and part.address in working:
                _check_part(own_object(part, scope), working[part.address], loaded.scope)


def _check_part(frozen: Desired, working: Resource, scope: Scope) -> None:
    wanted = own_object(working, scope)
    names = sorted(frozen.fields.keys() | wanted.fields.keys())
    other = [name for name in names if not same(frozen.fields.get(name), wanted.fields.get(name))]
    if other or frozen.write_only != wanted.write_only:
        raise ReconcilerError(_unfaithful(working, f"{', '.join(other) or 'description'} would be another value"))


def _unfaithful(resource: Resource, message: str) -> Problem:
    hint = "A text that is nothing but a variable takes the type of its value: write that value in quotes."
    return Problem("unfaithful-release", f"{resource.address} in the release: {message}", resource.place, hint)
