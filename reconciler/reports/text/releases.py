"""The files that `release`, `publish` and `archive` wrote, and the next step."""

from collections.abc import Iterator
from itertools import chain

from reconciler.releases.model import Archived, Move, Publication, Released
from reconciler.reports.style import Style, count, plain, wrap
from reconciler.reports.text.comparison import comparison_brief
from reconciler.reports.text.refusals import refusal_lines
from reconciler.reports.views.refusals import refusal_views
from reconciler.resources.name_lists import few


def released_text(done: Released, style: Style) -> str:
    """Return the files that were written, the changes since the previous release, and the next step."""
    address = str(done.release.address)
    lines = [f"{style.paint('Released', 'bold', 'green')} {plain(address)}"]
    lines += [f"  wrote {plain(path)}" for path in (done.path, *done.edited)]
    if done.vendored:
        lines.append(f"  copied the bytes of {count(len(done.vendored), 'file')} into releases/files/")
    changes = comparison_brief(done.changes) if done.changes else ()
    if done.changes:
        lines += [
            f"Since {plain(done.changes.before)}:" if changes else f"No changes since {plain(done.changes.before)}."
        ]
    lines += changes
    lines += chain.from_iterable(map(_moved, done.moves))
    chatbot, _, number = done.release.address.name.partition("@")
    publish = "" if done.moves else f" To publish it: reconciler publish {chatbot} {number}"
    return (
        "\n".join(
            [*lines, f"Next: commit {'both, and have them' if done.moves else 'it, and have it'} reviewed.{publish}"]
        )
        + "\n"
    )


def archived_text(done: Archived, style: Style) -> str:
    """Return the objects removed from the manifests, or the refusals."""
    if done.refusals:
        return "\n".join([*_refused(done, style), "", "Nothing was changed."]) + "\n"
    lines = [f"{style.paint('Archived', 'bold', 'green')} {plain(done.address)}"]
    lines += [f"  - {plain(address)}" for address in done.removed]
    lines += [f"  > {plain(address)} is archived; its number is never reused" for address in done.marked]
    lines += [f"  {'removed' if edit.after is None else 'wrote'} {plain(edit.path)}" for edit in done.edits]
    for path, blob in done.kept.items():
        lines += [f"  {plain(path)} had edits that are not committed. To print them:", f"    git cat-file -p {blob}"]
    text = "Next: commit it, and have it reviewed. The plan also checks references at OpenAI."
    return "\n".join([*lines, *wrap(text, style.width, hang="  ")]) + "\n"


def _refused(done: Archived, style: Style) -> Iterator[str]:
    for index, one in enumerate(done.refusals):
        where = f" in {', '.join(map(plain, one.environments))}" if one.environments else ""
        title = f"{plain(done.address)} cannot be archived{where}"
        yield from ["", title] if index else [title]
        yield from refusal_lines(refusal_views([one.refusal]), style)


def publication_text(done: Publication) -> str:
    """Return the release that each environment publishes now, and the next step."""
    if not done.moves and done.number:
        return f"No changes: release {done.number} of {plain(done.chatbot)} is already published.\n"
    if not done.moves:
        return f"No changes: no release of {plain(done.chatbot)} is published.\n"
    moved = chain.from_iterable(map(_moved, done.moves))
    return "\n".join([*moved, f"  wrote {plain(done.path)}", *_next(done)]) + "\n"


def _moved(move: Move) -> Iterator[str]:
    """Yield the change of the pointer, and the writes to the objects that run the chatbot."""
    yield _pointer(move)
    if move.runners:
        does = "pauses" if move.after is None else "updates"
        requests = count(move.requests, "write request")
        yield f"  apply also {does} {plain(few(move.runners))}: at most {requests} to OpenAI"


def _pointer(move: Move) -> str:
    where = f" in {plain(move.environment)}" if move.environment else ""
    if move.after is None:
        return f"Unpublishes release {move.before}{where}"
    if move.rollback:
        return f"Rollback{where}: release {move.after}, after {move.before}"
    before = f", after {move.before}" if move.before else ""
    return f"Publishes{where}: release {move.after}{before}"


def _next(done: Publication) -> Iterator[str]:
    if done.number is None:
        yield "  once this is applied, applications can no longer load it"
    yield "Next: commit it, and have it reviewed. `reconciler apply` moves the pointer."
