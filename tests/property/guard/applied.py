"""The objects of manifests as they are applied, and credentials that earlier plans left live.

The manifest of an automation may name a chatbot. The live automation has the agent of its published release.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tests.property.guard.manifests import Object, objects
from tests.property.guard.parts import LITERAL, Manifests, is_chatbot


def published_agent(manifests: Manifests, chatbot: str) -> str:
    """Return the copy of the agent that the published release of a chatbot consists of; empty without one."""
    name = chatbot.removeprefix("chatbot/")
    release = f"{name}@{manifests.bots[name].published}"
    if release not in manifests.releases:
        return ""
    content = manifests.releases[release].content
    answers, starts = content.bots[name].answers, content.bots[name].starts
    own = answers.removeprefix("assistant/")
    is_agent = "@" in own or (own in content.assistants and content.assistants[own].target == "agents")
    if starts or LITERAL in answers or not answers.startswith("assistant/") or not is_agent:
        return ""
    return answers if "@" in own else f"{answers}@{release.replace('@', '.')}"


def runs(thing: Object) -> str:
    """Return the chatbot whose published release an automation runs; empty for any other object."""
    return next((address for how, address in thing.refs if how == "agent" and is_chatbot(address)), "")


def applied_objects(manifests: Manifests, releases: Iterable[str]) -> dict[str, Object]:
    """Return the objects of manifests as they are applied: automations have the agents of published releases."""
    found = objects(manifests, releases)
    return {
        address: running(thing, published_agent(manifests, chatbot)) if (chatbot := runs(thing)) else thing
        for address, thing in found.items()
    }


def running(automation: Object, agent: str) -> Object:
    """Return an automation of this agent in place of a chatbot."""
    rest = tuple(pair for pair in automation.refs if pair[0] != "agent")
    return replace(automation, refs=(("agent", agent), *rest) if agent else rest)


def former_credentials(succeeded: Mapping[str, str]) -> dict[str, Object]:
    """Return the credentials that an earlier plan left, by their addresses in the state."""
    return {
        former_credential(name): Object(refs=(("vault", f"vault/{vault}"),), text="crm")
        for name, vault in succeeded.items()
    }


def former_credential(name: str) -> str:
    """Return the address of the credential that one with this name replaced."""
    return f"credential/replaced@cred_{name}_former"
