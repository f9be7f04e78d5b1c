"""What agents run with and what starts them, added to estates at random: skills, vaults, credentials, environment
templates and automations, their edits, and objects of others that refer to them.

They are drawn from a generator of their own, so that the estates without them stay as they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

from tests.property.guard.applied import former_credentials
from tests.property.guard.environment_edits import HELPER, PARTS, TEXTS, EnvironmentEdits, repaired
from tests.property.guard.estates import Estate, PeerDocument, Stranger, Stray
from tests.property.guard.manifests import KINDS, Object, left_objects, live_releases, objects, released, working
from tests.property.guard.parts import Bot, Credential, Manifests, Release, Skill, Vault

SHARE: Final = 0.7
"""The share of estates that have any of them."""
PLENTY: Final = 100
PREFIXES: Final = tuple(f"{KINDS[part]}/" for part in PARTS)


def with_environment(made: Estate, random: Random) -> Estate:
    """Return the estate with objects around its agents; a share of estates stays without them."""
    return _Environment(random).added(made) if random.random() < SHARE else made


class _Environment(EnvironmentEdits):
    def added(self, made: Estate) -> Estate:
        self.moved = made.entries.keys()
        before, calm = self.furnished(made.before), self.maybe(0.45)
        live = objects(before, live_releases(before, made.tombstones))
        copies = {name.partition("/")[2] for name, one in live.items() if one.target == "agents" and "@" in name}
        self.copies = sorted(copies - {name.partition("/")[2] for name in made.entries})
        marked = made.duplicates | made.taken | made.other_lineage | made.lost
        after = self.carried(before, made.after, marked)
        after = repaired(after, marked) if calm else self.edited(before, after, marked)
        made = replace(made, before=before, after=after)
        live = objects(before, live_releases(before, made.tombstones)) | left_objects(made.left)
        if before.credentials and self.maybe(0.4):
            made = self.with_former_credential(made, live)
            live |= former_credentials(made.succeeded)
        unmarked = not (marked or made.by_hand or made.rewritten or made.other_project)
        if unmarked and self.maybe(0.25):
            made = self.disputed(made, after, live)
        if calm:  # then less is refused than in others
            return replace(made, max_deletes=PLENTY, max_archives=PLENTY, recorded=None, protected={})
        made = replace(
            made,
            unmanaged=(*made.unmanaged, *self.unmanaged(live)),
            peers=(*made.peers, *self.peers(live)),
            protected={**made.protected, **dict(self.protection(live))},
        )
        skills = [name for name in live if name.startswith("skill/")]
        if skills and self.maybe(0.08):
            made = replace(made, strays=(*made.strays, Stray("assistant/spare", self.sample(skills, 1, 1))))
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

    def furnished(self, manifests: Manifests) -> Manifests:
        """Return the manifests of before with objects around their agents, and with releases of such agents."""
        vaults = {name: Vault() for name in self.sample(("crm", "ops"), 1, 2)}
        names = self.sample(("token", "key", "mail"), 1, 3)
        credentials = {name: Credential(self.random.choice(tuple(vaults))) for name in names}
        skills = {name: Skill(self.random.choice(TEXTS)) for name in self.sample(("notes", "charts"), 1, 2)}
        found = replace(manifests, vaults=vaults, credentials=credentials, skills=skills)
        found = replace(found, templates={name: self.template(found) for name in self.sample(("desk", "lab"), 0, 2)})
        equipped = {name: self.equipped(found, one) for name, one in found.assistants.items()}
        found = replace(found, assistants=equipped)
        agents = [name for name, one in found.assistants.items() if one.target == "agents"]
        found = self.with_helper(found, agents) if agents and self.maybe(0.8) else found
        automations = {name: self.automation(found) for name in self.sample(("digest", "cleanup"), 0, 2)}
        found = replace(found, automations=automations)
        releases = {name: self.released(found, release) for name, release in found.releases.items()}
        found = replace(found, releases=releases)
        return self.with_literal_ids(found, found) if self.maybe(0.15) else found

    def with_helper(self, manifests: Manifests, agents: Sequence[str]) -> Manifests:
        """Return manifests with a chatbot that is one agent, and with releases of it: automations may run it."""
        bots = {**manifests.bots, HELPER: Bot(f"assistant/{self.random.choice(agents)}")}
        found = replace(manifests, bots=bots)
        numbers = range(1, self.random.randint(2, 3))
        releases = {f"{HELPER}@{number}": Release(released(found, HELPER)) for number in numbers}
        published = self.random.choice((*numbers, *numbers, None))
        helper = replace(bots[HELPER], published=published)
        return replace(found, bots={**bots, HELPER: helper}, releases={**found.releases, **releases})

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
        marks: Mapping[str, Any] = {field: frozenset(self.sample(same, 1, 2))}
        return replace(made, **marks)

    # What stands around.

    def unmanaged(self, live: Mapping[str, Object]) -> Iterator[Stranger]:
        credentials = [name for name in live if name.startswith("credential/")]
        vaults = [name for name in live if name.startswith("vault/")]
        skills = [name for name in live if name.startswith("skill/")]
        started = [*vaults, *skills, *(name for name in live if name.startswith(("template/", "file/data/")))]
        if credentials and self.maybe(0.12):
            yield Stranger("agent", "foreign", self.sample(credentials, 1, 2), self.random.choice((None, "globex")))
        if self.maybe(0.2):
            held = self.sample([*started, *credentials], 1, 2)
            yield Stranger("automation", "weekly", held, self.random.choice((None, "globex")))
        if self.maybe(0.12):
            yield Stranger("session", "waiting for an action", self.sample([*vaults, *credentials], 1, 2))
        if skills and self.maybe(0.2):
            yield Stranger("environment_template", "lab", self.sample(skills, 1, 2))
        if vaults and self.maybe(0.2):
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
