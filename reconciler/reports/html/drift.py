"""What was changed by hand, as one page."""

from collections import Counter
from dataclasses import replace

from reconciler.planning.model import Plan
from reconciler.reports.drift import DRIFT_CLASSES, drift_class, made_by_hand
from reconciler.reports.html.changes import hand_articles
from reconciler.reports.html.markup import element
from reconciler.reports.html.page import Part, Top, page
from reconciler.reports.html.plan import remarks
from reconciler.reports.text.fields import turned
from reconciler.reports.text.parts import counted


def drift_html(plan: Plan, *, revert: str = "", pull: str = "") -> str:
    """The drift of `plan`; `revert` is the command that undoes it, `pull` the one that takes it into the manifests."""
    drift = [replace(change, fields=tuple(map(turned, change.fields))) for change in made_by_hand(plan)]
    found = Counter(map(drift_class, drift))
    counts = counted({word: found[word] for word in DRIFT_CLASSES}) or "nothing was changed by hand"
    word = "Drift" if drift else "In sync"
    facts = [("Made", plan.created_at), ("Keep it", pull if drift else ""), ("Undo it", revert if drift else "")]
    top = Top("risky" if drift else "safe", word, plan.identity, f"{counts}, {plan.unchanged} unchanged.", facts)
    lead = element("p", "Each diff goes from what the manifest says to what is live.", class_="quiet")
    by_hand = Part("by-hand", "Changed by hand", [lead, *hand_articles(drift)] if drift else [], len(drift))
    return page(f"{word}: {plan.identity}", top, [by_hand, *remarks(plan)], [])
