"""Edits of what agents run with and what starts them, at random: see `environments`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.property.guard.applied import published_agent
from tests.property.guard.history import DATA, DOCUMENTS, Chances
from tests.property.guard.manifests import number_of, released
from tests.property.guard.parts import LITERAL, Assistant, Automation, Manifests, Release, Skill, Template, is_chatbot

PARTS: Final = ("skills", "vaults", "credentials", "templates", "automations")
HELPER: Final = "helper"
"""A chatbot that is one agent."""
TEXTS: Final = ("Take notes.", "Take short notes.")


class EnvironmentEdits(Chances):
    copies: Sequence[str] = ()
    """Frozen copies of agents, which automations may run."""

    moved: Collection[str] = ()
    """Copies whose entry in the state was moved: nothing names them (see `Estate.entries`)."""

    def runnable(self, manifests: Manifests, chatbot: str) -> bool:
        """Return True if automations can run what a chatbot publishes."""
        agent = published_agent(manifests, chatbot)
        return agent != "" and agent not in self.moved

    def equipped(self, manifests: Manifests, assistant: Assistant) -> Assistant:
        """Return an agent with credentials, or a request with skills."""
        if assistant.target == "agents":
            return replace(assistant, credentials=self.sample(manifests.credentials, 0, 2))
        skills = self.sample(manifests.skills, 0, 2) if assistant.target == "responses" else ()
        return replace(assistant, skills=skills)

    def template(self, manifests: Manifests) -> Template:
        paths = (*DATA, *DOCUMENTS[:2])
        return Template(self.sample(paths, 0, 2), self.sample(manifests.skills, 0, 2))

    def automation(self, manifests: Manifests, copies: Sequence[str] = ()) -> Automation:
        """Return an automation of an agent and a template, one of which may be written in place."""
        agents = [name for name, one in manifests.assistants.items() if one.target == "agents"]
        (agent,) = self.sample(agents, 1, 1) if agents and self.maybe(0.8) else ("",)
        bots = [name for name in manifests.bots if self.runnable(manifests, name)]
        if bots and self.maybe(0.7):
            agent = f"chatbot/{self.random.choice(bots)}"
        elif copies and self.maybe(0.2):
            agent = self.random.choice(copies)
        made = Automation(agent, vaults=self.sample(manifests.vaults, 0, 1))
        if not agent:
            made = replace(made, credentials=self.sample(manifests.credentials, 0, 1))
        if manifests.templates and self.maybe(0.8):
            return replace(made, template=self.random.choice(tuple(manifests.templates)))
        return replace(made, files=self.sample(DATA, 0, 1), skills=self.sample(manifests.skills, 0, 1))

    def released(self, manifests: Manifests, release: Release) -> Release:
        """Return a release of before, of agents that are as now, or as they were once."""
        content = release.content
        as_now = self.maybe(0.6)
        assistants = {
            name: replace(one, credentials=now.credentials, skills=now.skills)
            if as_now and (now := manifests.assistants.get(name)) and now.target == one.target
            else self.equipped(manifests, one)
            for name, one in content.assistants.items()
        }
        opened = dict.fromkeys(skill for one in assistants.values() for skill in one.skills)
        skills = {
            name: manifests.skills[name] if self.maybe(0.6) else Skill(self.random.choice(TEXTS)) for name in opened
        }
        return replace(release, content=replace(content, assistants=assistants, skills=skills))

    # The edit.

    def carried(self, before: Manifests, after: Manifests, marked: frozenset[str]) -> Manifests:
        """Return the manifests of after with all objects of before, and new releases of the agents of after."""
        parts = {part: getattr(before, part) for part in PARTS}
        assistants = {}
        for name, one in after.assistants.items():
            was = before.assistants.get(one.moved_from or name) or before.assistants.get(name)
            same = was is not None and was.target == one.target
            assistants[name] = (
                replace(one, credentials=was.credentials, skills=was.skills)
                if was and same
                else self.equipped(before, one)
            )
        found = replace(after, assistants=assistants, **parts)
        now = {one.moved_from: name for name, one in assistants.items() if one.moved_from not in assistants}
        if HELPER in before.bots:
            found = self.with_helper_of(before, found, now)
        automations = {
            name: self.still_valid(found, replace(one, agent=now.get(one.agent, one.agent)))
            for name, one in found.automations.items()
        }
        found = replace(found, automations=automations)
        releases = {
            name: replace(release, content=before.releases[name].content)
            if name in before.releases
            else self.released(found, release)
            for name, release in found.releases.items()
        }
        return replace(found, releases=releases)

    def with_helper_of(self, before: Manifests, after: Manifests, now: Mapping[str, str]) -> Manifests:
        """Return manifests of after with the chatbot that is one agent, which may get another release or none."""
        helper = before.bots[HELPER]
        was = helper.answers.removeprefix("assistant/")
        answers = [name for name in (now.get(was, was), *after.assistants) if name in after.assistants]
        if not answers:
            return after
        helper = replace(helper, answers=f"assistant/{answers[0]}", keep=1 if self.maybe(0.3) else None)
        its_own = {name: one for name, one in before.releases.items() if name.startswith(f"{HELPER}@")}
        found = replace(after, bots={**after.bots, HELPER: helper}, releases={**after.releases, **its_own})
        if after.assistants[answers[0]].target == "agents" and self.maybe(0.3):
            new = {f"{HELPER}@{len(its_own) + 1}": Release(released(found, HELPER))}
            found = replace(found, releases={**found.releases, **new})
        if self.maybe(0.8):
            numbers = [number_of(name) for name in found.releases if name.startswith(f"{HELPER}@")]
            helper = replace(helper, published=self.random.choice((*numbers, None)))
        return replace(found, bots={**found.bots, HELPER: helper})

    def still_valid(self, manifests: Manifests, automation: Automation) -> Automation:
        """Return the automation with another agent if its own has another target by now."""
        if is_chatbot(automation.agent):
            name = automation.agent.removeprefix("chatbot/")
            is_unpublished = name in manifests.bots and manifests.bots[name].published is None
            is_valid = name in manifests.bots and (is_unpublished or self.runnable(manifests, name))
            return automation if is_valid else replace(automation, agent="")
        agent = manifests.assistants.get(automation.agent)
        if agent is None or agent.target == "agents":
            return automation
        others = [name for name, one in manifests.assistants.items() if one.target == "agents"]
        return replace(automation, agent=self.random.choice(others) if others else "")

    def edited(self, before: Manifests, manifests: Manifests, marked: frozenset[str]) -> Manifests:
        free = [name for name in manifests.assistants if f"assistant/{name}" not in marked]
        for part, probability in (
            ("skills", 0.3),
            ("vaults", 0.35),
            ("credentials", 0.4),
            ("templates", 0.45),
            ("automations", 0.3),
        ):
            if self.maybe(probability):
                manifests = self.without(manifests, part)
        if manifests.credentials and self.maybe(0.7):
            manifests = self.superseding(manifests)
        if manifests.skills and self.maybe(0.3):
            name = self.random.choice(tuple(manifests.skills))
            edited = replace(manifests.skills[name], text="Take long notes.")
            manifests = replace(manifests, skills={**manifests.skills, name: edited})
        if free and self.maybe(0.4):
            name = self.random.choice(free)
            manifests = _with(manifests, "assistants", name, self.equipped(manifests, manifests.assistants[name]))
        if manifests.templates and self.maybe(0.4):
            name = self.random.choice(tuple(manifests.templates))
            manifests = _with(manifests, "templates", name, self.template(manifests))
        if manifests.automations and self.maybe(0.4):
            name = self.random.choice(tuple(manifests.automations))
            manifests = _with(manifests, "automations", name, self.automation(manifests, self.copies))
        if self.maybe(0.2):
            manifests = self.renamed(manifests)
        if self.maybe(0.7):
            manifests = repaired(manifests, marked, templates=self.maybe(0.6))
        return self.with_literal_ids(before, manifests, marked) if self.maybe(0.15) else manifests

    def without(self, manifests: Manifests, part: str) -> Manifests:
        """Return manifests without an object; without a vault, often also without its credentials."""
        items = getattr(manifests, part)
        if not items:
            return manifests
        used = [one.template for one in manifests.automations.values() if one.template in items]
        gone = self.random.choice(used if part == "templates" and used else tuple(items))
        left = replace(manifests, **{part: {name: one for name, one in items.items() if name != gone}})
        if part == "vaults" and self.maybe(0.8):
            rest = {name: one for name, one in left.credentials.items() if one.vault != gone}
            left = replace(left, credentials=rest)
        return left

    def superseding(self, manifests: Manifests) -> Manifests:
        """Return manifests with a credential for another server, or in another vault."""
        name = self.random.choice(tuple(manifests.credentials))
        credential = manifests.credentials[name]
        if manifests.vaults and self.maybe(0.4):
            return _with(
                manifests, "credentials", name, replace(credential, vault=self.random.choice(tuple(manifests.vaults)))
            )
        return _with(manifests, "credentials", name, replace(credential, server="billing"))

    def renamed(self, manifests: Manifests) -> Manifests:
        parts = [part for part in PARTS if getattr(manifests, part)]
        if not parts:
            return manifests
        part = self.random.choice(parts)
        items: Mapping[str, Any] = getattr(manifests, part)
        former = self.random.choice(tuple(items))
        by_name = {name: one for name, one in items.items() if name != former}
        by_name[f"{former}-two"] = replace(items[former], moved_from=former)
        if part == "templates":
            automations = {
                name: replace(one, template=f"{former}-two") if one.template == former else one
                for name, one in manifests.automations.items()
            }
            manifests = replace(manifests, automations=automations)
        return _naming(
            replace(manifests, **{part: by_name}), part, lambda name: f"{name}-two" if name == former else name
        )

    def with_literal_ids(
        self, live: Manifests, manifests: Manifests, marked: frozenset[str] = frozenset()
    ) -> Manifests:
        """Return manifests in which something has the live id of one of these objects of before."""
        if live.vaults and manifests.credentials and self.maybe(0.4):
            name, vault = self.random.choice(tuple(manifests.credentials)), self.random.choice(tuple(live.vaults))
            return _with(manifests, "credentials", name, replace(manifests.credentials[name], vault=LITERAL + vault))
        free = {name: one for name, one in manifests.assistants.items() if f"assistant/{name}" not in marked}
        agents = [name for name, one in free.items() if one.target == "agents"]
        saved = [name for name, one in live.assistants.items() if one.target == "agents"]
        if saved and manifests.automations and self.maybe(0.4):
            name, named = self.random.choice(tuple(manifests.automations)), LITERAL + self.random.choice(saved)
            return _with(manifests, "automations", name, replace(manifests.automations[name], agent=named))
        if agents and live.credentials and self.maybe(0.6):
            name, named = self.random.choice(agents), LITERAL + self.random.choice(tuple(live.credentials))
            return _with(manifests, "assistants", name, replace(manifests.assistants[name], credentials=(named,)))
        if manifests.templates and live.skills:
            name, named = (
                self.random.choice(tuple(manifests.templates)),
                LITERAL + self.random.choice(tuple(live.skills)),
            )
            return _with(manifests, "templates", name, replace(manifests.templates[name], skills=(named,)))
        return manifests


def repaired(manifests: Manifests, marked: frozenset[str], *, templates: bool = True) -> Manifests:
    """Return manifests in which nothing of theirs refers to what the edit removes; literal ids stay."""
    inside = {name: one for name, one in manifests.credentials.items() if _is_there(one.vault, manifests.vaults)}
    manifests = replace(manifests, credentials=inside)
    for name, one in manifests.automations.items():
        is_there = "@" in one.agent or is_chatbot(one.agent) or _is_there(one.agent, manifests.assistants)
        agent = one.agent if is_there else ""
        template = "" if templates and one.template not in manifests.templates else one.template
        manifests = _with(manifests, "automations", name, replace(one, agent=agent, template=template))
    for part in ("skills", "vaults", "credentials"):
        known = getattr(manifests, part)
        manifests = _naming(manifests, part, lambda name, known=known: name if _is_there(name, known) else "", marked)
    return manifests


def without(manifests: Manifests, part: str) -> Manifests:
    """Return manifests and releases without the objects of a part, and without references to them; without vaults, also
    without credentials.
    """
    if part == "vaults":
        manifests = without(manifests, "credentials")
    if part == "templates":
        automations = {name: replace(one, template="") for name, one in manifests.automations.items()}
        manifests = replace(manifests, automations=automations)
    releases = {
        name: replace(release, content=without(release.content, part)) for name, release in manifests.releases.items()
    }
    return replace(_naming(manifests, part, lambda _name: ""), **{part: {}}, releases=releases)


def _is_there(name: str, known: Iterable[str]) -> bool:
    return name.startswith(LITERAL) or name in known


def _with(manifests: Manifests, part: str, name: str, one: Any) -> Manifests:
    return replace(manifests, **{part: {**getattr(manifests, part), name: one}})


def _naming(manifests: Manifests, part: str, now: Any, marked: frozenset[str] = frozenset()) -> Manifests:
    """Return manifests with other names for objects of a part; without the references whose name is empty."""

    def names(items: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(None, map(now, items)))

    for holder in ("assistants", "templates", "automations"):
        items = {
            name: replace(one, **{part: names(getattr(one, part))})
            if hasattr(one, part) and f"assistant/{name}" not in marked
            else one
            for name, one in getattr(manifests, holder).items()
        }
        manifests = replace(manifests, **{holder: items})
    if part == "vaults":
        items = {name: replace(one, vault=now(one.vault) or one.vault) for name, one in manifests.credentials.items()}
        manifests = replace(manifests, credentials=items)
    return manifests
