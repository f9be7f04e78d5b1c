"""Queries of the repository of a project: its commit, changed files, blobs of files, and releases in the history."""

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from reconciler.git.command import CompletedCommand, GitError, run, top_of
from reconciler.resources.address import composed
from reconciler.resources.problems import Problem

LINK: Final = "120000"
SUBMODULE: Final = "160000"
_VENDOR: Final = " To release without Git, pass --vendor."
_RELEASE: Final = re.compile(r"/v([1-9][0-9]{0,8})\.ya?ml$")
_NO_DIFF: Final = ("--no-ext-diff", "--ignore-submodules=all")
_FILTER: Final = r"^filter\..*\.(clean|smudge|process|required)$"
_POINTER: Final = "version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"


class Entry(NamedTuple):
    """An entry of the index."""

    path: str
    """Relative to the project folder."""
    mode: str
    blob: str
    skipped: bool
    """True if a sparse checkout leaves the file out of the working tree."""


@dataclass(frozen=True)
class Worktree:
    """The working tree of a Git repository, with a project in it."""

    top: Path
    project: Path

    def commit(self, used: Iterable[str] = ()) -> str | None:
        """Return the checked out commit, with the suffix `-dirty` if a tracked file was changed, or if one of the files
        in `used`, relative to the project folder, is not tracked; None before the first commit, and if Git does not
        read the repository.
        """
        head = self._attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if head.code:
            return None
        is_dirty = any(self.changed()) or any(self._untracked(frozenset(used)))
        return f"{head.text}{'-dirty' if is_dirty else ''}"

    def branch(self) -> str:
        """Return the checked out branch; empty if none is."""
        name = self._attempt("rev-parse", "--abbrev-ref", "HEAD").text
        return "" if name == "HEAD" else name

    def has_remote(self, name: str) -> bool:
        """Return True if a remote with this name and a URL is configured."""
        return bool(self._attempt("config", "--get", f"remote.{name}.url").records)

    def remote(self) -> str:
        """Return the name of the remote `origin`, or else of the first one; empty if there is none."""
        keys = self._attempt("config", "-z", "--name-only", "--get-regexp", r"^remote\..*\.url$").records
        names = [key.removeprefix("remote.").removesuffix(".url") for key in keys]
        return "origin" if "origin" in names else next(iter(names), "")

    def below(self, folder: str) -> tuple[list[str], list[str]]:
        """Return the files below a folder of the project that are tracked, and those that are neither tracked nor
        ignored.
        """
        where = _literal(f"{self._prefix}/{folder}".lstrip("/"))
        return self._records("ls-files", "-z", "--", where), self._records(
            "ls-files", "-z", "--others", "--exclude-standard", "--", where
        )

    def blob(self, id_: str) -> bytes | None:
        """Return a blob; None if the repository does not have it, as a shallow or partial clone may not."""
        done = self._attempt("cat-file", "blob", id_)
        return None if done.code else done.out

    def contents(self, blobs: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of those of the blobs that the repository has, by id."""
        return {id_: content for id_, content in self._objects(dict.fromkeys(blobs)) if content is not None}

    def index(self) -> list[Entry]:
        """Return the entries of the index in the project folder; raises GitError if Git fails."""
        prefix = f"{self._prefix}/" if self._prefix else ""
        lines = self._records("ls-files", "-z", "-t", "--stage", "--", _literal(self._prefix))
        return [_entry(line, prefix) for line in lines]

    def has_staged(self, files: Iterable[Path]) -> bool:
        """Return True if the index has one of these files of the project with the content that it has now; False if
        Git fails.
        """
        try:
            blobs = {entry.path: entry.blob for entry in self.index()}
        except GitError:
            return False
        inside = (file for file in files if file.is_relative_to(self.project))
        known = ((file, blobs.get(file.relative_to(self.project).as_posix())) for file in inside)
        return any(blob == _blob_id(file.read_bytes(), blob) for file, blob in known if blob)

    def blobs(self, files: Mapping[str, str]) -> dict[str, str]:
        """Return the ids of the blobs with the exact content of these files, given the place of each in the project
        folder by its path.

        Files are left out if they are not in the index, or if Git stores them with other content: through a filter
        (LFS) or with other line endings. A file that has changed since `git add` is included.
        """
        names = {
            path: (self.project / place).resolve().relative_to(self.top).as_posix() for path, place in files.items()
        }
        tracked = set(self._records("ls-files", "-z", "--", _literal(self._prefix)))
        known = [name for name in names.values() if name in tracked]
        filters = self._filters_of(known)
        plain = [name for name in known if not filters[name]]
        stored, raw = self._hashes(plain), self._hashes(plain, "--no-filters")
        return {path: raw[name] for path, name in names.items() if name in raw and raw[name] == stored[name]}

    def releases(self, chatbot: str) -> set[int]:
        """Return the numbers of all releases in any commit of any branch, including deleted ones."""
        folder = _literal(f"{self._prefix}/releases/{chatbot}".lstrip("/"))
        options = ("--all", "--no-renames", "--no-ext-diff", "--no-textconv", "--format=", "--name-only", "-z")
        names = self._records("log", *options, "--", folder)
        return {int(found[1]) for name in names if (found := _RELEASE.search(name))}

    def added(self, folder: str) -> Mapping[str, str]:
        """Return the time of the commit that added each file below a folder of the project, as ISO 8601, by path
        relative to the top. A file that was added several times has the latest time.
        """
        options = ("--diff-filter=A", "--no-renames", "--no-ext-diff", "--no-textconv", "--format=%x01%cI", "-z")
        found: dict[str, str] = {}
        at = ""
        for record in self._records(
            "log", *options, "--name-only", "--", _literal(f"{self._prefix}/{folder}".lstrip("/"))
        ):
            text = record.strip("\n")
            if text.startswith("\x01"):
                at = text[1:]
            elif text:
                found.setdefault(text, at)
        return found

    def changed(self) -> Iterator[str]:
        """Yield the tracked files that differ from the commit, relative to the top, without running a filter. The index
        is compared with the commit, and the files with the index. A file may come twice.
        """
        yield from self._records("diff-index", "--cached", "--name-only", "-z", *_NO_DIFF, "HEAD", "--")
        changed = self._records("diff-files", "--raw", "-z", "--abbrev=64", *_NO_DIFF)
        candidates: dict[str, str] = {}
        for facts, name in zip(changed[::2], changed[1::2], strict=False):
            mode, now, id_, *_ = facts.removeprefix(":").split()
            if mode != now:
                yield name
            else:
                candidates[name] = id_
        # Their times differ. That is not a change yet: a copy of a clone has other times.
        yield from self._with_other_content(candidates)

    def _untracked(self, used: Collection[str]) -> Iterator[str]:
        """Yield those of the files, relative to the project folder, that exist and are not tracked: not in a submodule,
        and not at the end of links to a file of the index either.
        """
        entries = self.index() if used else []
        tracked = {composed(entry.path) for entry in entries}
        modules = tuple(f"{composed(entry.path)}/" for entry in entries if entry.mode == SUBMODULE)
        for path in used:
            if composed(path) not in tracked and not composed(path).startswith(modules):
                file = (self.project / path).resolve()
                inside = file.relative_to(self.project).as_posix() if file.is_relative_to(self.project) else ""
                if inside and file.exists() and composed(inside) not in tracked:
                    yield path

    def _with_other_content(self, candidates: Mapping[str, str]) -> Iterator[str]:
        filters = self._filters_of(candidates)
        plain: list[str] = []
        for name, id_ in candidates.items():
            file = self.top / name
            if stat.S_ISLNK(file.lstat().st_mode):
                found = _blob_id(os.fsencode(file.readlink()), id_)
            elif filters[name] == "lfs":
                found = _lfs_id(file, id_)
            else:
                plain.append(name)
                continue
            if found != id_:
                yield name
        yield from (name for name, id_ in self._hashes(plain).items() if id_ != candidates[name])

    def uncommitted(self) -> dict[str, str]:
        """Return the text in the last commit of each file of the project that differs from it, by path relative to the
        project folder; empty for a file that the commit does not have, such as a file that Git ignores.
        """
        folder = _literal(self._prefix)
        others = self._records("ls-files", "--others", "-z", "--", folder)
        if self._attempt("rev-parse", "--verify", "--quiet", "HEAD^{commit}").code:
            texts = dict.fromkeys(self._records("ls-files", "-z", "--", folder), "")
        else:
            names = (name for name in dict.fromkeys(self.changed()) if self._is_inside(name))
            texts = self._committed([name for name in names if "\n" not in name])
        return {self._inside(name): text for name, text in {**dict.fromkeys(others, ""), **texts}.items()}

    def store(self, text: str) -> str:
        """Store a text as a blob that no commit has, and return its id: `git cat-file -p ID` prints it."""
        return self._run("hash-object", "-w", "--no-filters", "--stdin", data=text).text

    def _committed(self, names: Sequence[str]) -> dict[str, str]:
        """Return the texts of files in the last commit; empty for a file that it does not have."""
        found = self._objects(f"HEAD:{name}" for name in names)
        return {one.removeprefix("HEAD:"): (content or b"").decode("utf-8", "replace") for one, content in found}

    def _objects(self, names: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield the contents of objects, by id or by commit and path; None for one that does not exist."""
        asked = tuple(names)
        found = self._run("cat-file", "--batch", data="".join(f"{name}\n" for name in asked)).out if asked else b""
        at = 0
        for name in asked:
            end = found.index(b"\n", at)
            header, at = found[at:end], end + 1
            size = 0 if header.endswith(b" missing") else int(header.rpartition(b" ")[2])
            yield name, None if header.endswith(b" missing") else found[at : at + size]
            at += 0 if header.endswith(b" missing") else size + 1

    def _is_inside(self, name: str) -> bool:
        return name.startswith(f"{self._prefix}/") if self._prefix else True

    def _inside(self, name: str) -> str:
        """Return the path of a file relative to the project folder."""
        return name.removeprefix(f"{self._prefix}/")

    @property
    def _prefix(self) -> str:
        prefix = self.project.relative_to(self.top).as_posix()
        return "" if prefix == "." else prefix

    def _filters_of(self, names: Iterable[str]) -> dict[str, str]:
        """Return the filter that `.gitattributes` names for each file; empty without one."""
        asked = "".join(f"{name}\0" for name in names)
        words = self._records("check-attr", "-z", "--stdin", "filter", data=asked) if asked else []
        pairs = zip(words[::3], words[2::3], strict=True)
        return {name: "" if value in ("unspecified", "unset") else value for name, value in pairs}

    def _hashes(self, names: Sequence[str], *options: str) -> dict[str, str]:
        if not names:
            return {}
        found = self._run("hash-object", *options, "--stdin-paths", data="".join(f"{quoted(name)}\n" for name in names))
        return dict(zip(names, found.text.split(), strict=True))

    def _records(self, *words: str, data: str = "") -> list[str]:
        return self._run(*words, data=data).records

    def _run(self, *words: str, data: str = "") -> CompletedCommand:
        """Return the result of Git; raises GitError with its message if it fails."""
        done = self._attempt(*words, data=data)
        if done.code:
            said = done.err.strip().removeprefix("fatal: ").partition("\n")[0]
            vendor = _VENDOR if words[0] in ("check-attr", "hash-object", "log") else ""
            hint = f"For details, run `git -C {self.top} {words[0]}`.{vendor}"
            raise GitError(Problem("git", f"git {words[0]} failed: {said}", hint=hint))
        return done

    def _attempt(self, *words: str, data: str = "") -> CompletedCommand:
        settings = self._no_filters if words[0] in ("diff-files", "hash-object") else {}
        return run(self.top, *words, data=data.encode("utf-8", "surrogateescape"), settings=settings)

    @cached_property
    def _no_filters(self) -> dict[str, str]:
        """Settings that turn off every configured filter: they are programs."""
        keys = run(self.top, "config", "-z", "--name-only", "--get-regexp", _FILTER).records
        return {key: "false" if key.endswith(".required") else "" for key in keys}


def worktree(project: Path) -> Worktree | None:
    """Return the working tree around a project folder; None if there is none, or if Git is not installed."""
    top = top_of(project)
    return Worktree(top, project.resolve()) if top and shutil.which("git") else None


def quoted(name: str) -> str:
    """Return a path as `git hash-object --stdin-paths` takes it: in quotes if it would not be read as it is."""
    if not name.startswith('"') and "\n" not in name:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _entry(line: str, prefix: str) -> Entry:
    """Return the entry in a line of `ls-files -t --stage`: tag, mode, id, stage, a tab, and the path."""
    head, _, path = line.partition("\t")
    tag, mode, blob, _ = head.split(" ")
    return Entry(path.removeprefix(prefix), mode, blob, tag in ("S", "s"))


def _literal(path: str) -> str:
    return f":(top,literal){path}"


def _lfs_id(file: Path, like: str) -> str:
    """Return the blob id of the pointer that Git LFS stores for a file; that of the file if it is a pointer itself."""
    content = file.read_bytes()
    if content.startswith(_POINTER.partition("\n")[0].encode()):
        return _blob_id(content, like)
    pointer = _POINTER.format(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    return _blob_id(pointer.encode(), like)


def _blob_id(content: bytes, like: str) -> str:
    """Return the id of a blob in the hash algorithm of the id `like`."""
    algorithm = hashlib.sha1 if len(like) == 40 else hashlib.sha256
    return algorithm(b"blob %d\0" % len(content) + content).hexdigest()
