"""`python -m tests.e2e.images`: make the screenshots in `docs/images/` again. Requires Chromium.

Run it after a change of the text or HTML output of plans, and look at the images.
"""

import base64
import html
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.browser import Browser, browser

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
COLUMNS = 100
PAGE = (1180, 1480)
"""In pixels; the first change and its diff are visible."""
DATE = "2026-11-21T13:30:00+0000"
ENVIRON = {
    "COLUMNS": str(COLUMNS),
    "GIT_AUTHOR_DATE": DATE,
    "GIT_COMMITTER_DATE": DATE,
    "INCIDENTS_TOKEN": "placeholder",
    "RECONCILER_ENDPOINT": "embedded",
    "RECONCILER_ENV": "production",
}
COLORS = {"1": "font-weight: bold", "2": "color: #8b8f98", "31": "color: #ff5c7a", "32": "color: #7ddf86"}
COLORS |= {"33": "color: #f5a742", "36": "color: #5bd0e6"}
"""Styles by the code of the escape sequence."""
TERMINAL = """\
<!doctype html><meta charset="utf-8"><body style="margin: 0; background: #17181d; color: #e4e6eb">
<pre id="output" style="margin: 0; padding: 22px 26px; width: max-content; font: 14px/19px monospace">\
{}</pre>"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, browser(Path(scratch, "profile")) as tab:
        project = prepare(Path(scratch, "brightwater"))
        shown = f"$ reconciler plan\n{in_terminal('plan', project)}"
        screen, page = Path(scratch, "terminal.html"), Path(scratch, "plan.html")
        screen.write_text(TERMINAL.format(colored(shown)), encoding="utf-8")
        page.write_text(run("reconciler", "plan", "-o", "html", folder=project, codes=(0, 3)), encoding="utf-8")
        tab.open(screen)
        size = tab.evaluate("[output.offsetWidth, output.offsetHeight]")
        save(tab, IMAGES / "terminal.png", *size)
        width, height = PAGE
        tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        tab.open(page)
        save(tab, IMAGES / "plan.png", width, height)
        page.write_text(estate_page(Path(scratch, "estate")), encoding="utf-8")
        tab.open(page)
        tab.call("Emulation.setScrollbarsHidden", hidden=True)
        tab.press("/")
        tab.type("support")
        tab.evaluate("new Promise(done => setTimeout(done, 500))")
        save(tab, IMAGES / "estate.png", width, height, beyond=False)


def prepare(folder: Path) -> Path:
    """Return the sample organisation as a repository, applied with a release, and edited as the README describes."""
    shutil.copytree(ROOT / "manifests", folder / "manifests", ignore=shutil.ignore_patterns(".reconciler"))
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
    folder.joinpath(".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    run("git", "init", "--quiet", folder=folder)
    run("git", "add", ".", folder=folder)
    run("reconciler", "release", "support", "--publish", folder=folder)
    run("reconciler", "apply", "--yes", folder=folder)
    manifests = folder / "manifests"
    manifests.joinpath("assistants", "moving.yaml").unlink()
    prompt = manifests / "prompts" / "billing.md"
    lines = prompt.read_text(encoding="utf-8").splitlines(keepends=True)
    prompt.write_text("".join(line for line in lines if "Never give advice on loans" not in line), encoding="utf-8")
    run(*git, "add", ".", folder=folder)
    run(*git, "commit", "--quiet", "--message", "Remove the moving assistant", folder=folder)
    return folder


def estate_page(folder: Path) -> str:
    """Return the estate page of the sample organisation, which publishes another release in each environment."""
    shutil.copytree(ROOT / "manifests", folder / "manifests", ignore=shutil.ignore_patterns(".reconciler"))
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
    folder.joinpath(".gitignore").write_text(".reconciler/\n", encoding="utf-8")
    run("git", "init", "--quiet", folder=folder)
    run("git", "add", ".", folder=folder)
    run("reconciler", "release", "support", "--publish", "--message", "First answers on bills", folder=folder)
    prompt = folder / "manifests" / "prompts" / "technical.md"
    for message, environment in (("Ask for the postcode first", "staging"), ("Name the tariff year", "")):
        prompt.write_text(f"{prompt.read_text(encoding='utf-8')}- {message}.\n", encoding="utf-8")
        run("git", "add", ".", folder=folder)
        run("reconciler", "release", "support", "--message", message, folder=folder)
        if environment:
            run("reconciler", "publish", "support", "2", "--env", environment, folder=folder)
    run("git", "add", ".", folder=folder)
    run(*git, "commit", "--quiet", "--message", "Release support", folder=folder)
    for name in ("staging", "production"):
        run("reconciler", "apply", "--yes", "--env", name, folder=folder)
    return run("reconciler", "status", "-o", "html", folder=folder)


def run(*command: str, folder: Path, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environ())
    assert done.returncode in codes, done.stderr
    return done.stdout


def in_terminal(command: str, folder: Path) -> str:
    """Return the output of a `reconciler` command in a terminal, with escape sequences for colours."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(["reconciler", command], stdout=theirs, stderr=subprocess.DEVNULL, cwd=folder, env=environ()):
        os.close(theirs)
        read = b""
        try:
            while part := os.read(ours, 1 << 16):
                read += part
        except OSError:  # the end of the output of a terminal on Linux
            os.close(ours)
    return read.decode().replace("\r\n", "\n")


def environ() -> dict[str, str]:
    return os.environ | ENVIRON | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def colored(text: str) -> str:
    """Return terminal output as HTML."""

    def span(found: re.Match[str]) -> str:
        return f'<span style="{"; ".join(COLORS[code] for code in found[1].split(";"))}">{found[2]}</span>'

    return re.sub("\x1b\\[([0-9;]+)m(.*?)\x1b\\[0m", span, html.escape(text, quote=False), flags=re.DOTALL)


def save(tab: Browser, path: Path, width: float, height: float, *, beyond: bool = True) -> None:
    """Save what the tab shows; `beyond` the window, parts that are only drawn there would be empty."""
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    shot = tab.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=beyond)
    path.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    main()
