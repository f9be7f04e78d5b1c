"""The switch of a chatbot as reports show it: the summary, and both sides of each field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.migration.cutover_model import CallCode, Cutover, Pair, Row, Verdict
from reconciler.reports.style import counted, plain
from reconciler.reports.views.values import brief
from reconciler.reports.wording import hazard_text
from reconciler.resources.address import release_number
from reconciler.resources.values import ABSENT, JSON, Absent

SIGNS: Final[dict[Verdict, str]] = {"same": "=", "changed": "~", "differs": "!", "lost": "-", "added": "+"}
WORDS: Final[dict[Verdict, str]] = {
    "same": "same",
    "changed": "changed",
    "differs": "edited",
    "lost": "only before",
    "added": "only after",
}
CALLS: Final[dict[CallCode, str]] = {
    "conversation": "history",
    "answer": "answer",
    "functions": "functions",
    "files": "files",
    "options": "settings",
}
NOTHING: Final = "-"


@dataclass(frozen=True)
class Sides:
    """One field on both sides."""

    row: Row
    before: str
    after: str

    @property
    def name(self) -> str:
        return self.row.field or self.row.to


def summary(done: Cutover) -> str:
    """Return one sentence: the chatbot, its target, and the numbers of fields."""
    counts = {word: sum(len(pair.of(verdict)) for pair in done.pairs) for verdict, word in WORDS.items()}
    return f"{done.chatbot} to target {done.target}; fields: {counted(counts) or 'none'}."


def sides(pair: Pair, room: int) -> Iterator[Sides]:
    """Yield the fields of a pair, with values of at most `room` columns."""
    for row in pair.rows:
        yield Sides(row, _side(row.field, row.before, room), _side(row.to, row.after, room))


def _side(field: str, value: JSON | Absent, room: int) -> str:
    if value is ABSENT:
        return NOTHING
    return f"{plain(field)}: {brief(value, max(room - len(field) - 2, 12))}"


def facts(done: Cutover) -> Iterator[str]:
    """Yield sentences about the release, the pointer, and what is not switched."""
    for move in done.moves:
        where = f" in {move.environment}" if move.environment else ""
        before = f" in place of release {move.before}" if move.before else ""
        yield f"Publishes{where} release {move.after}{before}."
    for command in dict.fromkeys(_rollbacks(done)):
        yield f"To roll back: {command}"
    if done.release and not done.is_released and done.moves:
        yield f"No new release: release {release_number(done.release)} has this content."
    if not done.release and not done.refusals:
        yield f"No release: only the working version of {done.chatbot} has target {done.target}."
    for one in done.shared:
        yield f"Not switched, still using {one.assistant}: {', '.join(map(str, one.users))}"
    for address, target in done.others:
        yield f"Not switched: {address}, with target {target}"


def _rollbacks(done: Cutover) -> Iterator[str]:
    """Yield the commands that publish what was published before: one for all environments, if it was the same in all of
    them. Without an environment, `publish` would also publish where the chatbot is not published.
    """
    is_one = done.is_everywhere and len({move.before for move in done.moves}) == 1
    for move in done.moves:
        env = f" --env {move.environment}" if move.environment and not is_one else ""
        yield f"reconciler publish {done.chatbot.name} {move.before}{env}"


def remarks(pair: Pair) -> Iterator[tuple[str, str, str]]:
    """Yield the sign, the note and the hint of each field that has a note, then the risks."""
    for row in pair.rows:
        if row.note:
            yield SIGNS[row.verdict], f"{row.field or row.to}: {row.note}", row.hint
    for one in pair.risks:
        yield "!", hazard_text(one), ""
