"""`python -m tests.support.site`: copy the pages of the documentation site to build/pages.

The site has the pages of docs/, and the pages of the repository around it under other names, because `SECURITY.md` and
`docs/security.md` would be one file on some systems. Links are changed accordingly. Another file of the repository
that a page links to is copied to `files/`. Needs the standard library only.
"""

import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ROOT / "build" / "pages"
AROUND: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security-policy.md",
    "manifests/README.md": "project/sample.md",
    "docs/decisions/README.md": "decisions/index.md",
    "docs/decisions": "decisions/index.md",
    "schemas": "json.md",
}
"""Paths in the site by paths in the repository, where they are not those below docs/."""
CODE: Final = re.compile(r"^( *)(```+).*?^\1\2$|(?<!`)(`+)(?!`)[^\n]*?(?<!`)\3(?!`)", flags=re.MULTILINE | re.DOTALL)
"""Code blocks, and code in a line of prose."""
LINK: Final = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")


class BrokenLinkError(Exception):
    """A link to a file that does not exist."""


@dataclass
class Site:
    """The files of the site, before they are rendered."""

    root: Path
    pages: dict[str, str] = field(default_factory=dict)
    """Texts by path in the site."""
    files: dict[str, str] = field(default_factory=dict)
    """Paths in the repository by path in the site, of files that are copied as they are."""

    def page(self, source: str) -> None:
        text = (self.root / source).read_text(encoding="utf-8")
        self.pages[self.place(source)] = "".join(self._linked(source, text))

    def place(self, source: str) -> str:
        """Return the path in the site of a file in the repository."""
        if source in AROUND:
            return AROUND[source]
        if source.startswith("docs/"):
            return source.removeprefix("docs/")
        return f"files/{source}" if Path(source).suffix else f"files/{source}.txt"

    def _linked(self, source: str, text: str) -> Iterator[str]:
        """Yield the parts of a page: code as it is, and prose with the links of the site."""
        at = 0
        for code in CODE.finditer(text):
            yield LINK.sub(lambda link: self._link(source, link[1]), text[at : code.start()])
            yield inline(code[0])
            at = code.end()
        yield LINK.sub(lambda link: self._link(source, link[1]), text[at:])

    def _link(self, source: str, link: str) -> str:
        path, mark, anchor = link.partition("#")
        if not path or re.match(r"[a-z]+:", link):
            return link
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        if not (self.root / target).exists():
            raise BrokenLinkError(f"{source}: {link} does not exist")
        place = self.place(target)
        if not place.endswith(".md"):
            self.files[place] = target
        return posixpath.relpath(place, posixpath.dirname(self.place(source)) or ".") + mark + anchor


def inline(code: str) -> str:
    """Return code in which a table has escaped `|`. GitHub removes the backslash, the site would show it."""
    if "\\|" not in code or "\n" in code:
        return code
    text = code.strip("`").replace("\\|", "|")
    return f"<code>{''.join(one if one.isalnum() or one == ' ' else f'&#{ord(one)};' for one in text)}</code>"


def site(root: Path = ROOT) -> Site:
    """Return the site of a repository. Raises `BrokenLinkError`."""
    built = Site(root)
    for path in sorted(root.joinpath("docs").rglob("*")):
        source = path.relative_to(root).as_posix()
        if path.suffix == ".md":
            built.page(source)
        elif path.is_file():
            built.files[built.place(source)] = source
    for source in AROUND:
        if source.endswith(".md") and not source.startswith("docs/"):
            built.page(source)
    return built


def main() -> None:
    built = site()
    shutil.rmtree(PAGES, ignore_errors=True)
    for place, text in built.pages.items():
        target = PAGES / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for place, source in built.files.items():
        target = PAGES / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, target)
    sys.stdout.write(f"wrote {len(built.pages)} pages to {PAGES.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
