"""The files that `release`, `publish` and `archive` wrote, and the next step."""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, TypeAlias

from reconciler.project.edits import Edit
from reconciler.releases.model import Archived, Move, Publication, Released, Rollback
from reconciler.reports.style import Style, cells, count, plain, wrap
from reconciler.reports.text.comparison import comparison_brief
from reconciler.reports.text.edits import edit_text
from reconciler.reports.text.refusals import refusal_lines
from reconciler.reports.text.versions import difference_lines
from reconciler.reports.views.refusals import refusal_views
from reconciler.reports.views.versions import VERSIONS, VersionView, comparison_view
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
    for address in done.replaced:
        text = f"{address} is replaced, and copies of earlier releases keep the former one."
        lines += wrap(text, style.width, lead="  ", hang="    ")
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
    lines += [f"  > {plain(address)} is archived" for address in done.marked]
    lines += [f"  {'removed' if edit.after is None else 'wrote'} {plain(edit.path)}" for edit in done.edits]
    for path, blob in done.kept.items():
        lines += [f"  {plain(path)} had edits that are not committed. To print them:", f"    git cat-file -p {blob}"]
    if done.unused:
        files = f"No manifest uses these files any longer, and they stay: {few(list(map(plain, done.unused)))}"
        lines += wrap(files, style.width, hang="  ")
    if done.marked:
        it = "it" if len(done.marked) == 1 else "them"
        final = (
            f"After the next apply, no rollback to {it} is possible. Numbers of archived releases are not used again."
        )
        lines += wrap(final, style.width, hang="  ")
    text = "Next: commit it, and have it reviewed. The plan also checks references at OpenAI."
    return "\n".join([*lines, *wrap(text, style.width, hang="  ")]) + "\n"


def _refused(done: Archived, style: Style) -> Iterator[str]:
    for index, one in enumerate(done.refusals):
        where = f" in {', '.join(map(plain, one.environments))}" if one.environments else ""
        title = wrap(f"{plain(done.address)} cannot be archived{where}", style.width, hang="  ")
        yield from ["", *title] if index else title
        yield from refusal_lines(refusal_views([one.refusal]), style)


def publication_text(done: Publication, style: Style) -> str:
    """Return the release that each environment publishes now, and the next step."""
    if not done.moves and done.number:
        return f"No changes: release {done.number} of {plain(done.chatbot)} is already published.\n"
    if not done.moves:
        return f"No changes: no release of {plain(done.chatbot)} is published.\n"
    moved = chain.from_iterable(map(_moved, done.moves))
    return "\n".join([*moved, f"  wrote {plain(done.path)}", *_noticed(done, style), *_next(done, style)]) + "\n"


def promotion_text(
    done: Publication, edit: Edit, source: str, target: str, next_: Sequence[str], style: Style, *, written: bool
) -> str:
    """Return the edit that promotes a release, and the `next_` commands."""
    if not done.moves:
        return (
            f"No changes: {plain(source)} and {plain(target)} publish release {done.number} of {plain(done.chatbot)}.\n"
        )
    lines = [*chain.from_iterable(map(_moved, done.moves)), edit_text(edit, style=style), *_noticed(done, style)]
    if not written:
        return "\n".join([*lines, "Nothing was written."]) + "\n"
    commands = chain.from_iterable(_command(one, style, "  ") for one in next_)
    return "\n".join([*lines, f"wrote {plain(done.path)}", "Next:", *commands]) + "\n"


def rollback_text(choice: Rollback, style: Style, command: Callable[[int], str]) -> str:
    """Return the release that a rollback publishes, and why, and the errors that it ignores; `command` returns the
    command that publishes another release.
    """
    where = f" in {choice.environment}" if choice.environment else ""
    title = f"Rollback of chatbot/{choice.chatbot}{where} to release {choice.number}"
    if choice.is_resumed:
        title += ", which was interrupted, and is completed"
    elif choice.is_default:
        present = f"release {choice.before}" if choice.before else "the chatbot was unpublished"
        title += f", which was published before {present}"
    lines = wrap(f"{title}.", style.width, hang="  ")
    if choice.archived:
        between = ", ".join(map(str, choice.archived))
        archived = f"Archived releases were published in between and cannot be published again: {between}."
        lines += wrap(archived, style.width, hang="  ")
    for one in choice.left_out:
        why = f"the next apply archives it, because {one.assistant}, which it uses, has no manifest any longer"
        text = f"Release {one.number} was published in between and is left out: {why}. To publish it all the same:"
        lines += [*wrap(text, style.width, hang="  "), *_command(command(one.number), style, "    ")]
    for problem in choice.unpublishable:
        lines += wrap(f"It was not the last one before: {problem.message}.", style.width, hang="  ")
    if choice.errors:
        lines.append(f"{count(len(choice.errors), 'error')} in manifests that the rollback does not use:")
        for error in choice.errors[:_ERRORS]:
            lines += wrap(error.message, style.width, lead=f"  {plain(str(error.place))}: ", hang="    ")
        more = len(choice.errors) - _ERRORS
        lines += [f"  and {more} more: reconciler validate"] if more > 0 else []
    return "\n".join(lines) + "\n"


def agreement_text(choice: Rollback, publish: str, style: Style) -> str:
    """Return how the manifest is brought to agree with a rollback; `publish` is the command that edits it."""
    number, where = choice.number, f" in {choice.environment}" if choice.environment else ""
    if choice.is_in_manifest:
        agreed = f"The manifest also publishes release {number}{where}. If this edit is not in Git yet, commit it."
        return "\n".join([*wrap(agreed, style.width), *_steps(_repairs(choice), style)]) + "\n"
    named = f"release {choice.in_manifest}" if choice.in_manifest else "no release"
    title = f"Roll back {choice.chatbot} to release {number}"
    pending = "until it is edited, every plan shows this as a pending change, and an apply moves the pointer back"
    edit = [
        publish,
        f"git switch --create {choice.branch}",
        shlex.join(["git", "commit", "--message", title, "--", f":/{choice.file}"]),
        f"git push origin {choice.branch}",
    ]
    pull = shlex.join(["reconciler", "ci", "pull-request", "--head", choice.branch, "--title", title])
    steps = (
        *_repairs(choice),
        ("Edit the manifest of the chatbot, and push the edit on a branch:", edit),
        ("Open a pull request for this branch. In GitHub Actions:", [pull]),
    )
    lines = wrap(f"The manifest still publishes {named}{where}: {pending}.", style.width)
    return "\n".join([*lines, "", "To make Git agree:", *_steps(steps, style)]) + "\n"


_Step: TypeAlias = tuple[str, Sequence[str]]
"""An instruction, and its commands."""


def _repairs(choice: Rollback) -> Iterator[_Step]:
    """Yield what stops the next plan, whatever the manifest of the chatbot publishes."""
    if choice.errors:
        yield "Fix the errors above:", ["reconciler validate"]
    if choice.leaving:
        lost = choice.leaving.assistant
        search = shlex.join(["git", "log", "--oneline", "-S", f"name: {lost.partition('/')[2]}"])
        restore = f"Restore the manifest of {lost}, which release {choice.number} uses, and commit it."
        yield f"{restore} To find the commit that removed it:", [search]


def _steps(steps: Iterable[_Step], style: Style) -> Iterator[str]:
    """Yield numbered steps, each with its commands, one a line."""
    for number, (text, commands) in enumerate(steps, 1):
        yield from wrap(text, style.width, lead=f"  {number}. ", hang="     ")
        for command in commands:
            yield from _command(command, style, " " * 7)


def _command(command: str, style: Style, indent: str) -> list[str]:
    """Return a command that can be copied: on one line if it fits, otherwise continued before its options."""
    words = [plain(shlex.quote(word)) for word in shlex.split(command)]
    lines, line = [], indent + words[0]
    for index, word in enumerate(words[1:], 1):
        value = words[index + 1] if index + 1 < len(words) and not words[index + 1].startswith("-") else ""
        if word.startswith("-") and cells(f"{line} {word} {value} \\") > style.width:
            lines.append(f"{line} \\")
            line = f"{indent}  {word}"
        else:
            line += f" {word}"
    return [*lines, line]


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


def _noticed(done: Publication, style: Style) -> Iterator[str]:
    """Yield what changes for the users of the chatbot, once for all environments in which it is the same."""
    found: dict[tuple[object, ...], list[VersionView]] = {}
    environments: dict[tuple[object, ...], list[str]] = {}
    for move in done.moves:
        if move.changes:
            view = comparison_view(move.changes, done.chatbot)
            found.setdefault((view.title, view.lines), []).append(view)
            environments.setdefault((view.title, view.lines), []).append(plain(move.environment or ""))
    for key, views in found.items():
        where = f" in {', '.join(environments[key])}" if len(found) > 1 else ""
        yield f"{VERSIONS}{where}:"
        yield from difference_lines(views[0], style, "  ")


def _next(done: Publication, style: Style) -> Iterator[str]:
    if done.number is None:
        yield "  once this is applied, applications can no longer load it"
    yield from wrap("Next: commit it, and have it reviewed. The next apply moves the pointer.", style.width)
