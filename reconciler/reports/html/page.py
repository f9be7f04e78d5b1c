"""A page that stands alone: no request, one style sheet and at most one script inside, and a policy that allows nothing
else.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from reconciler.reports.html.markup import Child, Markup, element, join, raw
from reconciler.reports.views.plan import Level


@dataclass(frozen=True)
class Part:
    """A section of the page; without content there is none."""

    id: str
    title: str
    content: Sequence[Markup]
    count: int | None = None
    """The number of things in it, for the navigation."""


@dataclass(frozen=True)
class Top:
    """The header of the page."""

    level: Level
    word: str
    identity: str
    sentence: str
    facts: Sequence[tuple[str, str]] = ()
    """Terms and values."""


@dataclass(frozen=True)
class Extras:
    """Additions to a page that can be searched."""

    tools: Markup
    """Controls between the header and the sections. They are hidden until the script shows them."""
    script: str
    """Name of the script in this package."""
    style: str
    """Name of a further style sheet."""


def page(title: str, top: Top, parts: Iterable[Part], footer: Iterable[Child], extras: Extras | None = None) -> str:
    """The document."""
    present = [part for part in parts if part.content]
    body = element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        _header(top, present),
        extras.tools if extras else None,
        element("main", map(_section, present), id="report"),
        element("footer", [element("p", child) for child in footer if child]),
        element("script", raw(file_text(extras.script))) if extras else None,
    )
    return f"<!doctype html>\n{element('html', _head(title, extras), body, lang='en')}\n"


def _head(title: str, extras: Extras | None) -> Markup:
    style = file_text("picture.css") + file_text("style.css") + (file_text(extras.style) if extras else "")
    scripts = f"script-src {_source(file_text(extras.script))}; " if extras else ""
    policy = (
        f"default-src 'none'; {scripts}style-src {_source(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", raw(style)),
    )


def _source(text: str) -> str:
    """Return the source of a style sheet or a script in a policy: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def file_text(name: str) -> str:
    """Return the text of a style sheet or a script of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _header(top: Top, parts: Sequence[Part]) -> Markup:
    facts = [element("div", element("dt", term), element("dd", value)) for term, value in top.facts if value]
    links = [element("li", element("a", _link_text(part), href=f"#{part.id}")) for part in parts]
    return element(
        "header",
        element("h1", element("span", f"{top.word}:", class_=f"word level-{top.level}"), " ", top.identity),
        element("p", top.sentence),
        element("dl", facts, class_="facts") if facts else None,
        element("nav", element("ul", links), aria_label="Sections") if links else None,
        class_=f"level-{top.level}",
    )


def _link_text(part: Part) -> str:
    return part.title if part.count is None else f"{part.title} ({part.count})"


def _section(part: Part) -> Markup:
    heading = element("h2", part.title, id=part.id)
    return element("section", heading, join(part.content), aria_labelledby=part.id)
