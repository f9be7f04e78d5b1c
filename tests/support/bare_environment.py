"""The environment of the machine, without API keys, endpoints, CI variables and a cache: they are removed on import.

tests/conftest.py imports this first, because other modules copy the environment when they are imported.
"""

import os
from typing import Final

PREFIXES: Final = ("RECONCILER_", "OPENAI_", "CI", "GITHUB_", "GITLAB_", "AWS_", "PG")

for _name in [name for name in os.environ if name.startswith(PREFIXES)]:
    del os.environ[_name]

os.environ["RECONCILER_NO_CACHE"] = "1"  # tests of the cache name their own folder
