"""The documentation site: its pages and links, and with `make test-docs` the built site in a browser."""

import tomllib
from pathlib import Path

import pytest

from tests.support.browser import browser
from tests.support.site import ROOT, BrokenLinkError, site

BUILT = ROOT / "build" / "site"
CONFIGURATION = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
SEARCH = """
(async () => {
  const until = async (found) => {
    for (let n = 0; n < 200 && !found(); n++) await new Promise((done) => setTimeout(done, 50));
    return found();
  };
  const root = [...document.body.children].find((one) => one.shadowRoot).shadowRoot;
  document.querySelector(".md-search__button").click();
  const field = await until(() => root.querySelector("input"));
  await until(() => !root.textContent.includes("Loading"));
  field.value = "force-unlock";
  field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
  await until(() => root.querySelector("a"));
  return [...root.querySelectorAll("a")].map((one) => one.href);
})()
"""


def listed(entries) -> list[str]:
    """Return the pages of the navigation in their order."""
    found: list[str] = []
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            found += listed(value) if isinstance(value, list) else [value]
    return found


def test_navigation_has_every_page_once():
    pages = {page for page in site().pages if not page.startswith("decisions/0")}

    assert sorted(listed(CONFIGURATION["nav"])) == sorted(pages)


def test_documentation_in_the_readme_lists_the_pages_of_docs():
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Documentation\n")[2]
    pages = sorted((ROOT / "docs").glob("*.md"))

    assert [page.name for page in pages if f"](docs/{page.name})" not in readme] == []


@pytest.fixture
def repository(tmp_path):
    for path in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "manifests/README.md"):
        tmp_path.joinpath(path).parent.mkdir(exist_ok=True)
        tmp_path.joinpath(path).write_text("# Page\n", encoding="utf-8")
    tmp_path.joinpath("docs", "decisions").mkdir(parents=True)
    tmp_path.joinpath("docs", "state.md").write_text("# State\n", encoding="utf-8")
    return tmp_path


class TestLinks:
    def test_from_the_readme_to_a_page_of_docs(self, repository):
        repository.joinpath("README.md").write_text("[State](docs/state.md#backends)\n", encoding="utf-8")

        assert site(repository).pages["index.md"] == "[State](state.md#backends)\n"

    def test_from_docs_to_a_page_around_it(self, repository):
        repository.joinpath("docs", "state.md").write_text("[Report](../SECURITY.md)\n", encoding="utf-8")

        assert site(repository).pages["state.md"] == "[Report](project/security-policy.md)\n"

    def test_to_another_file_copies_it(self, repository):
        repository.joinpath("docs", "state.md").write_text("[Schema](../schemas/plan.json)\n", encoding="utf-8")
        repository.joinpath("schemas").mkdir()
        repository.joinpath("schemas", "plan.json").write_text("{}", encoding="utf-8")
        built = site(repository)

        assert built.pages["state.md"] == "[Schema](files/schemas/plan.json)\n"
        assert built.files["files/schemas/plan.json"] == "schemas/plan.json"

    def test_in_code_are_text(self, repository):
        text = "`[a](b)` [`c`](https://example.com)\n\n```\n[d](e)\n```\n"
        repository.joinpath("docs", "state.md").write_text(text, encoding="utf-8")

        assert site(repository).pages["state.md"] == text

    def test_to_nothing_is_an_error(self, repository):
        repository.joinpath("docs", "state.md").write_text("[Lost](lost.md)\n", encoding="utf-8")

        with pytest.raises(BrokenLinkError, match=r"docs/state\.md: lost\.md does not exist"):
            site(repository)


def test_escaped_bar_in_a_table_is_a_bar(repository):
    repository.joinpath("docs", "state.md").write_text("| `a \\| b` |\n|---|\n", encoding="utf-8")

    assert site(repository).pages["state.md"] == "| <code>a &#124; b</code> |\n|---|\n"


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.site
class TestBuiltSite:
    @pytest.mark.parametrize(("scheme", "palette"), [("light", "default"), ("dark", "slate")])
    def test_page_is_complete_without_network(self, tab, scheme, palette):
        seen = tab.open(BUILT / "releases.html", scheme=scheme)

        assert tab.evaluate("document.body.getAttribute('data-md-color-scheme')") == palette
        assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
        assert seen.complaints == []

    def test_search_finds_sections_without_network(self, tab):
        seen = tab.open(BUILT / "index.html")
        found = tab.evaluate(SEARCH)

        assert any("glossary.html" in one for one in found), found
        assert any("state.html" in one for one in found), found
        assert [url for url in seen.requests if not url.startswith(("file:", "data:"))] == []
        assert seen.complaints == []

    def test_every_page_is_built(self):
        pages = {Path(page).with_suffix(".html").as_posix() for page in site().pages}

        assert {page for page in pages if not (BUILT / page).is_file()} == set()
