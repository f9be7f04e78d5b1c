"""The effect of a plan on an estate: the objects before and after it, and those that it removes and replaces."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from tests.property.guard.applied import applied_objects, former_credentials, published_agent, running, runs
from tests.property.guard.estates import Estate
from tests.property.guard.manifests import Object, left_objects, live_releases, moves, number_of, objects, working
from tests.property.guard.parts import LITERAL, SAVED

DOCUMENTS: Final = ("assistant/", "chatbot/", "pipeline/", "release/")
"""The kinds that may have no object at OpenAI."""


@dataclass(frozen=True)
class Outcome:
    """An estate after the plan. Addresses are those of after the edit, where an object is renamed."""

    estate: Estate

    # The releases that go.

    @cached_property
    def publishing(self) -> set[str]:
        """The release that each chatbot publishes, as the manifests say."""
        return {f"{name}@{bot.published}" for name, bot in self.estate.after.bots.items() if bot.published is not None}

    def goes(self, release: str) -> bool:
        """Return True if a release is archived: its manifest says so; it was archived before, which is final; or it is
        in scope, not published, and either an assistant that it uses has no manifest, or its chatbot keeps only newer
        ones.
        """
        after = self.estate.after
        if after.releases[release].archived or release in self.estate.tombstones:
            return True
        if release in self.publishing or not self.in_scope(f"release/{release}"):
            return False
        return self.has_lost_an_assistant(release) or (self._is_too_old(release) and release not in self._suspended)

    @cached_property
    def _suspended(self) -> set[str]:
        """The releases whose agents automations keep because their chatbots publish nothing."""
        after = self.estate.after
        wanted = objects(after, [name for name, one in after.releases.items() if not one.archived])
        waiting = {address for address, thing in wanted.items() if runs(thing) and not self._published_by(runs(thing))}
        live = [self.as_applied.get(self.former.get(address, address)) for address in waiting]
        agents = [target for thing in live if thing for how, target in thing.refs if how == "agent"]
        return {agent.partition("@")[2].replace(".", "@") for agent in agents}

    def _published_by(self, chatbot: str) -> bool:
        return self.estate.after.bots[chatbot.removeprefix("chatbot/")].published is not None

    def has_lost_an_assistant(self, release: str) -> bool:
        """With `safety.archive: strict`, such a release is not archived: it blocks the delete of the assistant."""
        content = self.estate.after.releases[release].content
        nodes = {name for pipeline in content.pipelines.values() for name in pipeline.nodes}
        answering = {bot.answers for bot in content.bots.values() if bot.answers.startswith("assistant/")}
        used = {f"assistant/{name}" for name in nodes} | answering
        named = {self.family(name) for name in used if LITERAL not in name}
        return not self.is_strict and not named <= working(self.estate.after).keys()

    @property
    def is_strict(self) -> bool:
        recorded = self.estate.recorded
        return self.estate.strict or (recorded is not None and recorded.strict)

    def _is_too_old(self, release: str) -> bool:
        """`releases: {keep: N}` keeps the N newest."""
        name, after = release.partition("@")[0], self.estate.after
        most = after.bots[name].keep if name in after.bots else None
        its_own = [one for one in live_releases(after, self.estate.tombstones) if one.startswith(f"{name}@")]
        return most is not None and release not in sorted(its_own, key=number_of, reverse=True)[:most]

    # The objects before and after the plan.

    @cached_property
    def disputed(self) -> frozenset[str]:
        """The objects of which no label proves that they are managed."""
        estate = self.estate
        return estate.duplicates | estate.taken | (estate.other_lineage - estate.older) | estate.lost

    @cached_property
    def before(self) -> dict[str, Object]:
        """What is live, under the names of after the edit, and those of the state."""
        return {self.entry_of(address): thing for address, thing in self._renamed(self.as_applied).items()}

    @cached_property
    def as_applied(self) -> dict[str, Object]:
        """What is live, under the names of before."""
        manifests, left = self.estate.before, left_objects(self.estate.left)
        live = applied_objects(manifests, live_releases(manifests, self.estate.tombstones))
        return live | left | self.former_credentials

    @cached_property
    def former_credentials(self) -> dict[str, Object]:
        return former_credentials(self.estate.succeeded)

    @cached_property
    def moved(self) -> dict[str, str]:
        """The present address of each renamed object, by its former one."""
        return moves(self.estate.after)

    def now(self, address: str) -> str:
        """Return what an object is called after the edit."""
        applied = self.estate.past.get(address, address)
        return self.moved.get(applied, applied)

    def entry_of(self, address: str) -> str:
        """Return the address under which the state has the object that is live as `address`."""
        return self.estate.entries.get(address, address)

    @cached_property
    def former(self) -> dict[str, str]:
        """The former address of each renamed object."""
        return {now: was for was, now in self.moved.items()}

    def family(self, address: str) -> str:
        """Return the working object that a copy was made of, under its present name."""
        return self.now(address.partition("@")[0])

    def _renamed(self, things: Mapping[str, Object]) -> dict[str, Object]:
        return {self.now(address): self._with_names(thing) for address, thing in things.items()}

    def _with_names(self, thing: Object) -> Object:
        if not self.moved and not self.estate.past:
            return thing
        refs = tuple((how, self.now(address)) for how, address in thing.refs)
        return replace(thing, refs=refs, literal=tuple((how, self.now(address)) for how, address in thing.literal))

    @cached_property
    def scope(self) -> set[str] | None:
        """The targets and everything that the manifests name from there on; None for all."""
        if not self.estate.targets:
            return None
        after = self.estate.after
        desired = objects(after, [name for name, release in after.releases.items() if not release.archived])
        found, waiting = set[str](), [*self.estate.targets]
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                waiting.extend(desired[address].by_name if address in desired else ())
        return found

    def in_scope(self, address: str) -> bool:
        return self.scope is None or address in self.scope

    @cached_property
    def manifests(self) -> dict[str, Object]:
        """The objects that the manifests ask for, without releases that go."""
        return self._renamed(self.as_written)

    @cached_property
    def as_written(self) -> dict[str, Object]:
        """The same with the references as the manifests have them, which may be former names."""
        after = self.estate.after
        found = objects(after, [name for name in after.releases if not self.goes(name)])
        running = {address: self._running(address, thing, found) for address, thing in found.items() if runs(thing)}
        found |= {address: thing for address, thing in running.items() if thing}
        return {address: thing for address, thing in found.items() if running.get(address, thing)}

    def _running(self, address: str, automation: Object, found: Mapping[str, Object]) -> Object | None:
        """Return an automation of a chatbot: it runs the agent of the published release. Without one, it keeps the
        agent that it has, or, if it has none of its own, the whole target. It is not created before.
        """
        chatbot = runs(automation)
        agent = published_agent(self.estate.after, chatbot)
        live = self.as_applied.get(self.former.get(address, address))
        if agent not in found:
            if address in self.disputed:
                return automation  # what it has now is not ours
            if live is None:
                return None
            agent = next((target for how, target in live.refs if how == "agent"), "")
            automation = automation if agent else live
        made = running(automation, agent) if agent else automation
        return replace(made, refs=(*made.refs, ("chatbot", chatbot)))

    @cached_property
    def after(self) -> dict[str, Object]:
        """The objects that the plan writes or leaves as they should be: ignored references are those that are live."""
        found = {address: thing for address, thing in self.manifests.items() if self.in_scope(address)}
        return found | {address: _as_live(self.before[address], found[address]) for address in self.ignoring(found)}

    def ignoring(self, addresses: Iterable[str]) -> list[str]:
        """Return the objects of which the plan leaves the references as they are."""
        there = (one for one in addresses if one in self.estate.ignored and one in self.before)
        return [one for one in there if self.before[one].target == self.manifests[one].target]

    @cached_property
    def leaving(self) -> set[str]:
        """Live objects in scope without a manifest; those with `keep_on_delete` are not among them."""
        found = {address for address in self.before.keys() - self.manifests.keys() if self.in_scope(address)}
        return found - self.kept

    @cached_property
    def kept(self) -> set[str]:
        return set(map(self.now, self.estate.kept))

    @cached_property
    def replaced(self) -> set[str]:
        """Assistants that get another target."""
        both = self.before.keys() & self.after.keys()
        return {address for address in both if self.before[address].target != self.after[address].target}

    @cached_property
    def superseded(self) -> set[str]:
        """Credentials that get another server or another vault, which makes another credential. The present one stays
        while something holds it.
        """
        both = (one for one in self.before.keys() & self.after.keys() if one.startswith("credential/"))
        return {one for one in both if _fixed(self.before[one]) != _fixed(self.after[one])}


def is_document(address: str, thing: Object) -> bool:
    """Return True for what exists only in the outlets."""
    return thing.target not in SAVED and address.startswith(DOCUMENTS)


def _fixed(credential: Object) -> object:
    return credential.text, credential.refers_to


def is_frozen(address: str) -> bool:
    return address.startswith("release/") or "@" in address


def _as_live(live: Object, manifest: Object) -> Object:
    """Return an object whose manifest ignores its references; the release that a chatbot publishes is not ignored."""
    pointers = tuple(pair for pair in manifest.refs if pair[0] == "published")
    refs = tuple(pair for pair in live.refs if pair[0] != "published")
    return replace(manifest, refs=(*refs, *pointers), literal=live.literal, holds=live.holds, uploads=live.uploads)
