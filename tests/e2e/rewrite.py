"""`python -m tests.e2e.rewrite`: put what commands print today into the README and into the pages of `docs/`.

For a change of what is printed; the diff that it makes is to be read.
"""

import re
import tempfile
from pathlib import Path

from tests.e2e import test_docs_guard, test_docs_releases
from tests.e2e.pages import as_it_runs
from tests.e2e.test_readme import README, ROOT, TRANSCRIPT, transcript


def main() -> None:
    for page in (test_docs_releases, test_docs_guard):
        with tempfile.TemporaryDirectory() as scratch:
            page.PAGE.write_text(as_it_runs(page.PAGE, Path(scratch, "acme"), page.BY_HAND), encoding="utf-8")
    shown = transcript()
    text = re.sub(TRANSCRIPT, lambda found: f"{found[1]}{shown}{found[3]}", README, flags=re.DOTALL)
    (ROOT / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
