"""What is not as it was applied, as an issue: each object with both sides, what fails, what ends, the two ways out."""

from collections.abc import Iterator
from typing import Final

from reconciler.planning.drift import DriftReport, RetiringModel, Standing
from reconciler.reports.markdown.changes import hand_items
from reconciler.reports.markdown.escaping import code, folded, marker
from reconciler.reports.markdown.fitting import LIMIT, Item, Section, fitted
from reconciler.reports.markdown.plan import remarks
from reconciler.reports.style import count
from reconciler.reports.text.drift_words import (
    HINT_FAILING,
    Failures,
    ending,
    failures,
    in_sync,
    in_sync_text,
    out_of_sync,
    sentence,
    shown_changes,
    standing_lines,
)
from reconciler.reports.text.fields import desired_first, first_few

_MOST_FILES: Final = 12


def drift_markdown(report: DriftReport, *, revert: str = "", pull: str = "", full: str = "", limit: int = LIMIT) -> str:
    """`report` in at most `limit` characters, the same text for the same report: no time of the run is in it.

    The first line is `marker("drift", identity)`. `revert` is the command that undoes what was done by hand, `pull` the
    one that takes it into the manifests; `full` as for a plan.
    """
    identity = report.plan.identity
    top = [
        marker("drift", identity),
        f"## {'In sync' if report.in_sync else 'Drift'}: {code(identity)}",
        f"{sentence(report)}.",
    ]
    return fitted(top, list(_sections(report)), list(_ways_out(report, revert, pull)), full, limit)


def _sections(report: DriftReport) -> Iterator[Section]:
    by_hand = "### Changed by hand\n\nEach diff goes from what the manifest says to what is live."
    yield Section(by_hand, hand_items(shown_changes(report), order=desired_first), worth=2)
    yield Section(f"### Failing files\n\n{HINT_FAILING}", tuple(map(_failing, failures(report))), worth=4, joint="\n")
    yield Section("### Retiring models", tuple(map(_retiring, report.retiring)), worth=4, joint="\n")
    yield Section("### Assistants", tuple(_assistants(report)), worth=1, joint="\n\n")
    yield from remarks(report.plan)


def _failing(one: Failures) -> Item:
    files = code(" ".join(first_few(one.files, _MOST_FILES)))
    line = f"- {code(one.store)} {files}"
    return Item(f"{line}: {code(one.reason)}", line, count(len(one.files), "failing file").split(" ", 1)[1])


def _retiring(model: RetiringModel) -> Item:
    line = f"- {code(model.model)} {ending(model)}"
    return Item(f"{line}: {code(' '.join(first_few(model.used_by, _MOST_FILES)))}", line, "retiring model")


def _assistants(report: DriftReport) -> Iterator[Item]:
    """How many are in sync comes first, so that it is there however long the list of the others is."""
    said = in_sync_text(report)
    if said:
        names = "\n".join(f"- {code(one.address)}" for one in in_sync(report))
        yield Item(folded(said, names), said, "assistant in sync")
    yield from map(_standing, out_of_sync(report))


def _standing(one: Standing) -> Item:
    line = f"- {code(one.address)}"
    return Item("\n".join([line, *(f"  - {code(text)}" for text in standing_lines(one))]), line, "assistant")


def _ways_out(report: DriftReport, revert: str, pull: str) -> Iterator[str]:
    if report.in_sync:
        return
    yield "---"
    if pull and report.is_pullable:
        yield f"To keep it, take it into the manifests: {code(pull)}"
    if revert:
        also = f" It applies {count(report.pending, 'pending edit')} of the manifests too." if report.pending else ""
        yield f"To undo it: {code(revert)}{also}"
