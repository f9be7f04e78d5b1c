"""`python -m tests.e2e.rewrite`: update the command outputs in the pages of `docs/`.

Run it after a change of command output, and review the diff.
"""

import re
import tempfile
from pathlib import Path

from tests.e2e import (
    test_docs_adopt,
    test_docs_applications,
    test_docs_drift,
    test_docs_guard,
    test_docs_manifests,
    test_docs_migrate,
    test_docs_other_ci,
    test_docs_pull_requests,
    test_docs_releases,
    test_docs_state,
    test_docs_tutorial,
)
from tests.e2e.kinds_table import HEAD, table
from tests.e2e.test_readme import DEMO, TRANSCRIPT, transcript

BLANK = "\n\n"


def main() -> None:
    pages = (
        test_docs_adopt,
        test_docs_applications,
        test_docs_drift,
        test_docs_guard,
        test_docs_migrate,
        test_docs_other_ci,
        test_docs_pull_requests,
        test_docs_releases,
        test_docs_state,
        test_docs_tutorial,
    )
    for page in pages:
        with tempfile.TemporaryDirectory() as scratch:
            page.PAGE.write_text(page.followed(Path(scratch)), encoding="utf-8")
    manifests = test_docs_manifests.PAGE
    head, _, rest = manifests.read_text(encoding="utf-8").partition(HEAD)
    manifests.write_text(f"{head}{table()}\n{rest.partition(BLANK)[2]}", encoding="utf-8")
    shown = transcript()
    text = DEMO.read_text(encoding="utf-8")
    text = re.sub(TRANSCRIPT, lambda found: f"{found[1]}{shown}{found[3]}", text, flags=re.DOTALL)
    DEMO.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
