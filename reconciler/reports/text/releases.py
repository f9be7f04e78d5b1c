"""What `release`, `publish` and `archive` have written, and what to do next."""

from collections.abc import Iterator

from reconciler.releases.model import Archived, Move, Publication, Released
from reconciler.reports.style import Style, count, plain
from reconciler.reports.text.comparison import comparison_brief
from reconciler.reports.text.refusals import refusal_lines


def released_text(done: Released, style: Style) -> str:
    """The files that were written, what changed since the release before, and the next step."""
    address = str(done.release.address)
    lines = [f"{style.paint('Released', 'bold', 'green')} {plain(address)}"]
    lines += [f"  wrote {plain(path)}" for path in (done.path, *done.edited)]
    if done.vendored:
        lines.append(f"  copied the bytes of {count(len(done.vendored), 'file')} into releases/files/")
    if done.changes:
        lines += [f"Since {plain(done.changes.before)}:", *comparison_brief(done.changes)]
    lines += map(_moved, done.moves)
    chatbot, _, number = done.release.address.name.partition("@")
    publish = "" if done.moves else f" To publish it: reconciler publish {chatbot} {number}"
    return "\n".join([*lines, f"Next: commit {'both' if done.moves else 'it'}, and review.{publish}"]) + "\n"


def archived_text(done: Archived, style: Style) -> str:
    """What was taken out of the manifests, or the refusals and that nothing was changed."""
    if done.refusals:
        return "\n".join([*_refused(done, style), "", "Nothing was changed."]) + "\n"
    lines = [f"{style.paint('Archived', 'bold', 'green')} {plain(done.address)}"]
    lines += [f"  - {plain(address)}" for address in done.removed]
    lines += [f"  > {plain(address)} is archived, and its number never used again" for address in done.marked]
    lines += [f"  {'removed' if edit.after is None else 'wrote'} {plain(edit.path)}" for edit in done.edits]
    return "\n".join([*lines, "Next: commit it, and review; the plan also sees who needs it at OpenAI."]) + "\n"


def _refused(done: Archived, style: Style) -> Iterator[str]:
    for index, one in enumerate(done.refusals):
        where = f" in {', '.join(map(plain, one.environments))}" if one.environments else ""
        title = f"{plain(done.address)} is not archived{where}"
        yield from ["", title] if index else [title]
        yield from refusal_lines([one.refusal], style)


def publication_text(done: Publication) -> str:
    """What is published now where, and whether that is older."""
    what = f"release {done.number} of {done.chatbot} is" if done.number else f"nothing of {done.chatbot} is"
    if not done.moves:
        return f"Nothing to do: {plain(what)} published already.\n"
    return "\n".join([*map(_moved, done.moves), f"  wrote {plain(done.path)}", *_next(done)]) + "\n"


def _moved(move: Move) -> str:
    where = f" in {plain(move.environment)}" if move.environment else ""
    if move.after is None:
        return f"Takes back{where}: release {move.before} is published no longer"
    if move.rollback:
        return f"Rollback{where}: release {move.after}, after {move.before}"
    before = f", after {move.before}" if move.before else ""
    return f"Publishes{where}: release {move.after}{before}"


def _next(done: Publication) -> Iterator[str]:
    if done.number is None:
        yield "  applications that load it find nothing any more once this is applied"
    yield "Next: commit it, and review; `reconciler apply` moves the pointer."
