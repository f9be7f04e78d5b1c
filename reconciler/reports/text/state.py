"""The results of the `state` commands that edit, rebuild or migrate a state, and the next step."""

from collections.abc import Iterator

from reconciler.reports.style import Style, count, plain, wrap
from reconciler.reports.wording.phrases import object_text
from reconciler.resources.address import Identity
from reconciler.resources.problems import command_text
from reconciler.state.backend_migration import StateMigration
from reconciler.state.edits import StateEdit, StateRebuild


def edited_text(word: str, done: StateEdit, *, style: Style) -> str:
    """Return `word`, the entries that were added, changed and removed, and notes."""
    entries = list(_entries(done))
    head = f"{word}: {plain(done.identity)}" + ("." if entries else ", no entries changed.")
    notes = (line for text in done.notes for line in wrap(text, style.width, lead="  note: ", hang="    "))
    return "\n".join([head, *entries, *notes]) + "\n"


def rebuilt_text(done: StateRebuild) -> str:
    """Return the objects of a rebuilt state, the entries it replaces, and the values that are unknown."""
    verb = "Rebuilt" if done.written else "A different state exists" if done.replaces else "Not rebuilt yet"
    lines = [f"{verb}: {plain(done.edited.identity)}, {count(done.objects, 'object')}."]
    if done.replaces:
        lines += _entries(done.edited)
    if done.lineage and done.taken:
        lines += ["", f"Lineage {plain(done.lineage)}, from the labels of {count(len(done.taken), 'live object')}"]
        lines += [f"  {plain(object_text(id_, name))}" for id_, name in done.taken.items()]
    if done.unproven:
        lines += ["", "Without a lineage: another repository with this name may have created them"]
        lines += [f"  {plain(object_text(id_, name))}" for id_, name in done.unproven.items()]
    if done.ambiguous:
        lines += ["", "Left out: several live objects have the label or the content of the address"]
        lines += [f"  {plain(str(one))}  {', '.join(map(plain, ids))}" for one, ids in done.ambiguous.items()]
    if done.mislabelled:
        lines += ["", "Left out: the label is not an address of such an object"]
        lines += [f"  {plain(id_)}  {plain(address)}" for id_, address in sorted(done.mislabelled.items())]
    if done.unknown:
        lines += ["", "Applied values unknown: the next plan shows any differences"]
        lines += [f"  {plain(str(one))}  {', '.join(map(plain, names))}" for one, names in done.unknown.items()]
    if done.unlisted:
        lines += [
            "",
            "Not listed, because the key or the server does not permit it: their objects are not in the state",
        ]
        lines += [f"  {plain(request)}" for request in done.unlisted]
    return (
        "\n".join(
            [*lines, "", f"Next: {command_text(Identity.parse(done.edited.identity).environment, 'plan')}"]
            if done.written
            else lines
        )
        + "\n"
    )


def migrated_text(done: StateMigration) -> str:
    """Return the numbers of copied documents, and the setting that selects the new backend."""
    copied = f"{count(done.objects, 'object')}, {count(done.documents, 'document')} of bundles"
    return (
        f"Copied to {plain(done.target)}: {copied}, {count(done.runs, 'run')} of the history.\n"
        f"{plain(done.source)} records the migration; commands that still use it fail with a message.\n"
        "Next: name it in `spec.state` of project.yaml, or in RECONCILER_STATE.\n"
    )


def _entries(done: StateEdit) -> Iterator[str]:
    for mark, addresses in (("+", done.added), ("~", done.changed), ("-", done.removed)):
        yield from (f"  {mark} {plain(str(address))}" for address in addresses)
