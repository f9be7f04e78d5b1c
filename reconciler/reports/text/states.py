"""What was done to a state by hand, and what to do next."""

from collections.abc import Iterator

from reconciler.reports.style import count, plain
from reconciler.state.backend_migration import StateMigration
from reconciler.state.edits import StateEdit, StateRebuild


def edited_text(word: str, done: StateEdit) -> str:
    """`word`, the entries that are new, other than before, or gone, and what follows from that."""
    entries = list(_entries(done))
    head = f"{word}: {plain(done.identity)}" + ("." if entries else ", and nothing is other than before.")
    return "\n".join([head, *entries, *(f"  note: {plain(text)}" for text in done.notes)]) + "\n"


def rebuilt_text(done: StateRebuild) -> str:
    """What a rebuilt state has, what it would replace, and what nobody knows."""
    verb = "Rebuilt" if done.written else "There is another state than this"
    lines = [f"{verb}: {plain(done.edited.identity)}, {count(done.objects, 'object')}."]
    if done.replaces:
        lines += _entries(done.edited)
    if done.ambiguous:
        lines += ["", "Left out: of several objects with one label, nothing tells which is meant"]
        lines += [f"  {plain(str(one))}  {', '.join(map(plain, ids))}" for one, ids in done.ambiguous.items()]
    if done.unknown:
        lines += ["", "Unknown: what was applied of these; where they differ, the next plan says so"]
        lines += [f"  {plain(str(one))}  {', '.join(map(plain, names))}" for one, names in done.unknown.items()]
    return "\n".join([*lines, "", "Next: reconciler plan"] if done.written else lines) + "\n"


def migrated_text(done: StateMigration) -> str:
    """What is where now, and what to write so that it is used."""
    copied = f"{count(done.objects, 'object')}, {count(done.documents, 'document')} of bundles"
    return (
        f"Copied to {plain(done.target)}: {copied}, {count(done.runs, 'run')} of the history.\n"
        f"{plain(done.source)} keeps a note of that: whoever still uses it is told.\n"
        "Next: name it in `spec.state` of project.yaml, or in RECONCILER_STATE.\n"
    )


def _entries(done: StateEdit) -> Iterator[str]:
    for mark, addresses in (("+", done.added), ("~", done.changed), ("-", done.removed)):
        yield from (f"  {mark} {plain(str(address))}" for address in addresses)
