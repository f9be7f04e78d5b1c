"""The files that `release`, `publish` and `archive` wrote, and the next step."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from reconciler.project.edits import Edit
from reconciler.releases.model import Archived, Move, Publication, Released, Rollback
from reconciler.reports.style import Style, count, plain, wrap
from reconciler.reports.text.comparison import comparison_brief
from reconciler.reports.text.edits import edit_text
from reconciler.reports.text.refusals import refusal_lines
from reconciler.reports.views.refusals import refusal_views
from reconciler.resources.name_lists import few

_ERRORS: Final = 5
"""The number of ignored errors that a rollback lists."""


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
    if done.unused:
        files = f"No manifest uses these files any longer, and they stay: {few(list(map(plain, done.unused)))}"
        lines += wrap(files, style.width, hang="  ")
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


def promotion_text(
    done: Publication, edit: Edit, source: str, target: str, next_: Sequence[str], style: Style, *, written: bool
) -> str:
    """Return the edit that promotes a release, and the `next_` commands."""
    if not done.moves:
        return (
            f"No changes: {plain(source)} and {plain(target)} publish release {done.number} of {plain(done.chatbot)}.\n"
        )
    lines = [*chain.from_iterable(map(_moved, done.moves)), edit_text(edit, style=style)]
    if not written:
        return "\n".join([*lines, "Nothing was written."]) + "\n"
    return "\n".join([*lines, f"wrote {plain(done.path)}", "Next:", *(f"  {plain(one)}" for one in next_)]) + "\n"


def rollback_text(choice: Rollback) -> str:
    """Return the release that a rollback publishes, and why, and the errors that it ignores."""
    chatbot, where = plain(choice.chatbot), f" in {plain(choice.environment)}" if choice.environment else ""
    lines = [f"Rollback of chatbot/{chatbot}{where} to release {choice.number}."]
    if choice.is_resumed:
        lines[0] = lines[0].removesuffix(".") + ", which was interrupted, and is completed."
    elif choice.is_default:
        present = f"release {choice.before}" if choice.before else "the chatbot was unpublished"
        lines[0] = lines[0].removesuffix(".") + f", which was published before {present}."
    if choice.archived:
        between = ", ".join(map(str, choice.archived))
        lines.append(f"Archived releases were published in between and cannot be published again: {between}.")
    lines += [f"It was not the last one before: {plain(one.message)}." for one in choice.unpublishable]
    if choice.errors:
        lines.append(f"{count(len(choice.errors), 'error')} in manifests that the rollback does not use:")
        lines += [f"  {plain(str(one.place))}: {plain(one.message)}" for one in choice.errors[:_ERRORS]]
        more = len(choice.errors) - _ERRORS
        lines += [f"  and {more} more: reconciler validate"] if more > 0 else []
    return "\n".join(lines) + "\n"


def agreement_text(choice: Rollback, publish: str) -> str:
    """Return how the manifest is brought to agree with a rollback; `publish` is the command that edits it."""
    number, where = choice.number, f" in {plain(choice.environment)}" if choice.environment else ""
    if choice.is_in_manifest:
        return f"The manifest also publishes release {number}{where}. If this edit is not in Git yet, commit it.\n"
    named = f"release {choice.in_manifest}" if choice.in_manifest else "no release"
    title = f"Roll back {choice.chatbot} to release {number}"
    fixed = " (after the errors above are fixed)" if choice.errors else ""
    pending = "until it is edited, every plan shows this as a pending change, and an apply moves the pointer back"
    commands = [
        publish,
        f"git switch --create {choice.branch}",
        shlex.join(["git", "commit", "--message", title, "--", f":/{choice.file}"]),
        f"git push origin {choice.branch}",
    ]
    lines = [
        f"The manifest still publishes {named}{where}: {pending}.",
        f"To make Git agree{fixed}:",
        *(f"  {plain(command)}" for command in commands),
        "Then open a pull request for this branch. In GitHub Actions:",
        f"  {plain(shlex.join(['reconciler', 'ci', 'pull-request', '--head', choice.branch, '--title', title]))}",
    ]
    return "\n".join(lines) + "\n"


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
    yield "Next: commit it, and have it reviewed. The next apply moves the pointer."
