"""What was changed by hand, as an issue: per object what the manifest says and what is live, and the two ways out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from reconciler.planning.model import Plan
from reconciler.reports.drift import DRIFT_CLASSES, drift_class, made_by_hand
from reconciler.reports.markdown.changes import hand_items
from reconciler.reports.markdown.escaping import code, marker
from reconciler.reports.markdown.fitting import LIMIT, Section, fitted
from reconciler.reports.markdown.plan import remarks
from reconciler.reports.text.fields import turned
from reconciler.reports.text.parts import counted


def drift_markdown(plan: Plan, *, revert: str = "", pull: str = "", full: str = "", limit: int = LIMIT) -> str:
    """The drift of `plan` in at most `limit` characters; the first line is `marker("drift", plan.identity)`.

    `revert` is the command that undoes it, `pull` the one that takes it into the manifests; `full` as for a plan.
    """
    drift = [replace(change, fields=tuple(map(turned, change.fields))) for change in made_by_hand(plan)]
    found = Counter(map(drift_class, drift))
    counts = counted({word: found[word] for word in DRIFT_CLASSES}) or "nothing was changed by hand"
    top = [
        marker("drift", plan.identity),
        f"## {'Drift' if drift else 'In sync'}: {code(plan.identity)}",
        f"{counts}, {plan.unchanged} unchanged.",
    ]
    head = "### Changed by hand\n\nEach diff goes from what the manifest says to what is live."
    sections = [Section(head, hand_items(drift), worth=2), *remarks(plan)]
    return fitted(top, sections, list(_ways_out(plan, revert, pull)) if drift else [], full, limit)


def _ways_out(plan: Plan, revert: str, pull: str) -> Iterator[str]:
    yield "---"
    if pull:
        yield f"To keep it, take it into the manifests: {code(pull)}"
    if revert:
        also = f" It applies {len(plan.changes)} pending edits of the manifests too." if plan.changes else ""
        yield f"To undo it: {code(revert)}{also}"
