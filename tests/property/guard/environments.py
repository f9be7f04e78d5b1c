"""What agents run with and what starts them, added to estates at random: skills, vaults, credentials, environment
templates and automations, their edits, and objects of others that refer to them.

They are drawn from a generator of their own, so that the estates without them stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final, TypeVar

from tests.property.guard.estates import Estate, PeerDocument, Stranger
from tests.property.guard.history import DATA, DOCUMENTS, Chances
from tests.property.guard.manifests import (
    KINDS,
    Object,
    former_credentials,
    left_objects,
    live_releases,
    objects,
    working,
)
from tests.property.guard.parts import (
    LITERAL,
    Assistant,
    Automation,
    Credential,
    Manifests,
    Release,
    Skill,
    Template,
    Vault,
)

T = TypeVar("T")

SHARE: Final = 0.6
"""The share of estates that have any of them."""
PARTS: Final = ("skills", "vaults", "credentials", "templates", "automations")
TEXTS: Final = ("Take notes.", "Take short notes.")
PREFIXES: Final = tuple(f"{KINDS[part]}/" for part in PARTS)


def with_environment(made: Estate, random: Random) -> Estate:
    """Return the estate with objects around its agents; a share of estates stays without them."""
    return _Environment(random).added(made) if random.random() < SHARE else made


class _Environment(Chances):
    def added(self, made: Estate) -> Estate:
        before = self.furnished(made.before)
        live = objects(before, live_releases(before, made.tombstones))
        copies = {name.partition("/")[2] for name, one in live.items() if one.target == "agents" and "@" in name}
        self.copies = sorted(copies - {name.partition("/")[2] for name in made.entries})
        marked = made.duplicates | made.taken | made.other_lineage | made.lost
        after = self.edited(before, self.carried(before, made.after, marked), marked)
        made = replace(made, before=before, after=after)
        live = objects(before, live_releases(before, made.tombstones)) | left_objects(made.left)
        if before.credentials and self.maybe(0.4):
            made = self.with_former_credential(made, live)
            live |= former_credentials(made.succeeded)
        unmarked = not (marked or made.by_hand or made.rewritten or made.other_project)
        if unmarked and self.maybe(0.15):
            made = self.disputed(made, after, live)
        made = replace(
            made,
            unmanaged=(*made.unmanaged, *self.unmanaged(live)),
            peers=(*made.peers, *self.peers(live)),
            protected={**made.protected, **dict(self.protection(live))},
        )
        if self.maybe(0.3):
            made = replace(made, kept=made.kept | frozenset(self.some(self.ours(live), 0.3)))
        if self.maybe(0.3):
            changed = self.changed(live, working(after), ("assistant/", "template/", "automation/"))
            made = replace(made, ignored=made.ignored | frozenset(self.sample(changed, 0, 2)))
        if made.targets and self.maybe(0.7):
            changed = self.changed(live, working(after), PREFIXES)
            made = replace(made, targets=made.targets | frozenset(self.sample(changed, 0, 2)))
        return made

    # Before the edit.

    copies: Sequence[str] = ()
    """Frozen copies of agents, which automations may run."""

    def furnished(self, manifests: Manifests) -> Manifests:
        """Return the manifests of before with objects around their agents, and with releases of such agents."""
        vaults = {name: Vault() for name in self.sample(("crm", "ops"), 1, 2)}
        names = self.sample(("token", "key", "mail"), 1, 3)
        credentials = {name: Credential(self.random.choice(tuple(vaults))) for name in names}
        skills = {name: Skill(self.random.choice(TEXTS)) for name in self.sample(("notes", "charts"), 0, 2)}
        found = replace(manifests, vaults=vaults, credentials=credentials, skills=skills)
        found = replace(found, templates={name: self.template(found) for name in self.sample(("desk", "lab"), 0, 2)})
        equipped = {name: self.equipped(found, one) for name, one in found.assistants.items()}
        found = replace(found, assistants=equipped)
        automations = {name: self.automation(found) for name in self.sample(("digest", "cleanup"), 0, 2)}
        found = replace(found, automations=automations)
        releases = {name: self.released(found, release) for name, release in found.releases.items()}
        found = replace(found, releases=releases)
        return self.with_literal_ids(found, found) if self.maybe(0.15) else found

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
        if copies and self.maybe(0.2):
            agent = self.random.choice(copies)
        made = Automation(agent, vaults=self.sample(manifests.vaults, 0, 1))
        if not agent:
            made = replace(made, credentials=self.sample(manifests.credentials, 0, 1))
        if manifests.templates and self.maybe(0.6):
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

    def with_former_credential(self, made: Estate, live: Mapping[str, Object]) -> Estate:
        """Return the estate with a credential that was replaced, and with copies that have the former one."""
        copies = {one: thing.by_name for one, thing in live.items() if thing.target == "agents" and "@" in one}
        used = {
            name for name in made.before.credentials if any(f"credential/{name}" in held for held in copies.values())
        }
        name = self.random.choice(sorted(used) or tuple(made.before.credentials))
        using = [one for one, held in copies.items() if f"credential/{name}" in held]
        vault = self.random.choice(tuple(made.before.vaults))
        return replace(made, succeeded={name: vault}, outdated=frozenset(self.some(using, 0.7)))

    def disputed(self, made: Estate, after: Manifests, live: Mapping[str, Object]) -> Estate:
        """Return the estate with labels of others on objects that the edit leaves as they are."""
        wanted = working(after)
        same = [
            name
            for name in self.ours(live)
            if live[name] == wanted.get(name) and name.startswith(("vault/", "credential/", "automation/"))
        ]
        field = self.random.choice(("duplicates", "taken", "other_lineage", "lost"))
        return replace(made, **{field: frozenset(self.sample(same, 1, 2))})

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
        automations = {
            name: self.still_valid(found, replace(one, agent=now.get(one.agent, one.agent)))
            for name, one in found.automations.items()
        }
        found = replace(found, automations=automations)
        releases = {
            name: replace(release, content=before.releases[name].content)
            if name in before.releases
            else self.released(found, release)
            for name, release in after.releases.items()
        }
        return replace(found, releases=releases)

    def still_valid(self, manifests: Manifests, automation: Automation) -> Automation:
        """Return the automation with another agent if its own has another target by now."""
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
        if manifests.credentials and self.maybe(0.5):
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
        if self.maybe(0.6):
            manifests = repaired(manifests, marked)
        return self.with_literal_ids(before, manifests) if self.maybe(0.15) else manifests

    def without(self, manifests: Manifests, part: str) -> Manifests:
        """Return manifests without an object; without a vault, often also without its credentials."""
        items = getattr(manifests, part)
        if not items:
            return manifests
        gone = self.random.choice(tuple(items))
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

    def with_literal_ids(self, live: Manifests, manifests: Manifests) -> Manifests:
        """Return manifests in which something has the live id of one of these objects of before."""
        if live.vaults and manifests.credentials and self.maybe(0.4):
            name, vault = self.random.choice(tuple(manifests.credentials)), self.random.choice(tuple(live.vaults))
            return _with(manifests, "credentials", name, replace(manifests.credentials[name], vault=LITERAL + vault))
        agents = [name for name, one in manifests.assistants.items() if one.target == "agents"]
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

    # What stands around.

    def unmanaged(self, live: Mapping[str, Object]) -> Iterator[Stranger]:
        credentials = [name for name in live if name.startswith("credential/")]
        vaults = [name for name in live if name.startswith("vault/")]
        skills = [name for name in live if name.startswith("skill/")]
        started = [*vaults, *skills, *(name for name in live if name.startswith("template/"))]
        if credentials and self.maybe(0.12):
            yield Stranger("agent", "foreign", self.sample(credentials, 1, 2), self.random.choice((None, "globex")))
        if self.maybe(0.12):
            yield Stranger("automation", "weekly", self.sample([*started, *credentials], 1, 2))
        if self.maybe(0.12):
            yield Stranger("session", "waiting for an action", self.sample([*vaults, *credentials], 1, 2))
        if skills and self.maybe(0.12):
            yield Stranger("environment_template", "lab", self.sample(skills, 1, 2))
        if vaults and self.maybe(0.12):
            inside = Stranger("credential", "theirs", self.sample(vaults, 1, 1), self.random.choice((None, "globex")))
            yield inside
            if self.maybe(0.5):
                yield Stranger("agent", "user", (), None, (inside.id,))

    def peers(self, live: Mapping[str, Object]) -> Iterator[PeerDocument]:
        skills = [name for name in live if name.startswith("skill/")]
        if skills and self.maybe(0.1):
            yield PeerDocument("initech", "assistant/desk", self.sample(skills, 1, 1))

    def protection(self, live: Mapping[str, Object]) -> Iterator[tuple[str, Any]]:
        """Yield what is protected; skills and templates have no labels."""
        for name in self.ours(live):
            if self.maybe(0.08):
                in_state = name.startswith(("skill/", "template/"))
                yield name, "state" if in_state else self.random.choice(("state", "label"))

    def ours(self, live: Iterable[str]) -> list[str]:
        return [name for name in live if name.startswith(PREFIXES) and "@" not in name]

    def changed(self, live: Mapping[str, Object], wanted: Mapping[str, Object], kinds: tuple[str, ...]) -> list[str]:
        """Return the objects of these kinds that the edit changes or removes."""
        return [
            name
            for name in {**live, **wanted}
            if name.startswith(kinds) and "@" not in name and live.get(name) != wanted.get(name)
        ]

    def some(self, items: Sequence[str], probability: float) -> list[str]:
        return [item for item in items if self.maybe(probability)]


def repaired(manifests: Manifests, marked: frozenset[str]) -> Manifests:
    """Return manifests in which nothing of theirs refers to what the edit removes; literal ids stay."""
    there = {part: getattr(manifests, part) for part in PARTS}
    inside = {name: one for name, one in manifests.credentials.items() if _is_there(one.vault, there["vaults"])}
    manifests = replace(manifests, credentials=inside)
    for name, one in manifests.automations.items():
        is_there = "@" in one.agent or _is_there(one.agent, manifests.assistants)
        agent, template = one.agent if is_there else "", one.template if one.template in there["templates"] else ""
        manifests = _with(manifests, "automations", name, replace(one, agent=agent, template=template))
    for part in ("skills", "vaults", "credentials"):
        known = getattr(manifests, part)
        manifests = _naming(manifests, part, lambda name, known=known: name if _is_there(name, known) else "", marked)
    return manifests


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
