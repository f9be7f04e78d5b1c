"""Edits of `files` in the manifest of a vector store to match live values. Entries are paths, globs or ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.resources.base import Path, ProjectFiles
from reconciler.resources.kind import Notebook
from reconciler.resources.list_items import Items
from reconciler.resources.resource_type import CONTENT
from reconciler.resources.store_files import MEMBERS, held
from reconciler.resources.values import JSON

AT: Final[Path] = ("spec", MEMBERS.field)


def edited(spec: Any, files: ProjectFiles, notebook: Notebook, raw: JSON, old: JSON, new: JSON) -> JSON:
    """Return `raw`, the entries of a store, changed so that they mean `new` instead of `old`: settings by file."""
    return _Entries(notebook, spec, files).merged(raw, old, new)


@dataclass
class _Entries:
    """The entries of one store."""

    notebook: Notebook
    spec: Any
    """Spec of a vector store, with `files` and `attributes`."""
    files: ProjectFiles

    def merged(self, raw: JSON, old: Mapping[str, JSON], new: Mapping[str, JSON]) -> JSON:
        """Return `raw` changed so that it means `new` instead of `old`."""
        if not isinstance(raw, list):
            message = "the list of files is included from another file"
            self.refuse(AT, message, "write the list in the manifest, then pull again")
            return raw
        made: dict[int, JSON] = dict(enumerate(raw))
        holder = {path: index for path, _, index in held(self.spec.files, self.files)}
        for path in sorted({*old, *new}):
            index = holder.get(path)
            if path not in new and index is not None:
                self.detach(made, path, index)
            elif path not in old:
                self.attach(made, path, new[path])
            elif index is not None and old[path] != new[path]:
                self.set(made, path, index, old[path], new[path])
        return Items.of([(made[index], index if index < len(raw) else None) for index in sorted(made)])

    def attach(self, made: dict[int, JSON], path: str, new: JSON) -> None:
        """Add an entry for a file that was attached outside Reconciler, by its id, or by its path if it is ours."""
        shared, attributes = self.spec.attributes or {}, new.get("attributes") or {}
        own = {key: value for key, value in attributes.items() if shared.get(key) != value}
        chunking = new.get("chunking_strategy")
        if shared.keys() - attributes.keys() or (self.spec.chunking_strategy and chunking is None):
            message = f"{path} was attached outside Reconciler, with other settings than the store sets for every file"
            hint = f"list {path} in `files`, so that `apply` gives it these settings; or set `prune: true` to detach it"
            self.refuse(AT, message, hint)
            return
        settings = {"attributes": self.notebook.plain(own)} if own else {}
        if chunking:
            settings["chunking_strategy"] = chunking
        made[self.below(made)] = {"path": path, **settings} if settings else path

    def below(self, made: Mapping[int, JSON]) -> int:
        """Return the index of an entry below all entries, those that were removed included."""
        return max((*made, len(self.spec.files) - 1)) + 1

    def detach(self, made: dict[int, JSON], path: str, index: int) -> None:
        naming = [at for at, entry in enumerate(self.spec.files) if path in self.meant(entry)]
        pattern = next((self.spec.files[at].path for at in naming if self.spec.files[at].path != path), None)
        if pattern is None:
            for at in naming:
                made.pop(at, None)
            return
        message = f"{path} was detached outside Reconciler, but {pattern} still matches it"
        hint = "narrow the pattern, or move the file; otherwise `apply` attaches it again"
        self.refuse((*AT, index), message, hint)

    def meant(self, entry: Any) -> list[str]:
        return [path for path, _, _ in held([entry], self.files)]

    def set(self, made: dict[int, JSON], path: str, index: int, old: JSON, new: JSON) -> None:
        """Set the attributes and the chunking of one file. A file that a glob matches gets a separate entry below."""
        if {CONTENT, MEMBERS.reference} & {key for key in new.keys() | old.keys() if old.get(key) != new.get(key)}:
            message = f"the live content of {path} differs, and uploads cannot be downloaded"
            hint = "replace the file with the live version; otherwise `apply` uploads the file of the project again"
            self.refuse((*AT, index), message, hint)
            return
        entry, raw = self.spec.files[index], made[index]
        settings = self.settings(path, index, entry, old, new)
        if len(self.meant(entry)) == 1:
            made[index] = {**(raw if isinstance(raw, dict) else {"path": raw}), **settings}
        else:
            inherited = {"attributes": dict(entry.attributes)} if entry.attributes else {}
            chunking = {"chunking_strategy": old["chunking_strategy"]} if entry.chunking_strategy else {}
            made[self.below(made)] = {"path": path, **inherited, **chunking, **settings}

    def settings(self, path: str, index: int, entry: Any, old: JSON, new: JSON) -> dict[str, JSON]:
        settings: dict[str, JSON] = {}
        shared, own = self.spec.attributes or {}, entry.attributes or {}
        before, after = old.get("attributes"), new.get("attributes") or {}
        if shared.keys() - after.keys():
            message = f"{path} no longer has attributes that the store sets for every file"
            hint = "move them to the entries that keep them; otherwise `apply` sets them again"
            self.refuse((*AT, index), message, hint)
        elif before != new.get("attributes"):
            kept = {key: value for key, value in after.items() if key in own or shared.get(key) != value}
            settings["attributes"] = self.notebook.plain(kept)
        if old.get("chunking_strategy") != new.get("chunking_strategy"):
            settings["chunking_strategy"] = new.get("chunking_strategy")
        return settings

    def refuse(self, path: Path, message: str, hint: str) -> None:
        self.notebook.refuse(path, message, hint)
