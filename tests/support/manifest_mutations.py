"""Pieces of YAML, and manifests of the sample organisation with pieces cut out, put in and moved."""

from pathlib import Path

from hypothesis import strategies as st

SAMPLE = Path(__file__).parents[2] / "manifests"
MANIFESTS = sorted(path.read_text() for path in SAMPLE.rglob("*.yaml"))
# fmt: off
PIECES = [
    '\n', '  ', '- ', ': ', '? ', '---\n', '...\n', '%YAML 1.2\n', '&a ', '*a', '<<: ', '!x ', '!!str ', '[', ']',
    '{', '}', '|\n', '>-\n', '\t', "'", '"', '"\\ud800"', '# ', '2026-01-01', '007', '.nan', '1e999',
    '99999999999999999999', '~', 'true', 'null', '${var.x}', '$${var.', '${var.tier}', '{$file: x.json}',
    '{$file: project.yaml}', '{$file: ../x}', '{$env: X}', '$address: a\n', 'kind: Project\n',
    'kind: Assistant\n', 'spec:\n', 'metadata: {name: x}\n', 'target: agents\n', 'tools:\n', 'type: function\n',
    '\r\n', '\ufeff', '\x85', '\u2028', '\x00', 'é', '𝄞',
]
# fmt: on


@st.composite
def mutations(draw):
    """A manifest of the sample organisation with pieces cut out, put in and moved."""
    text = draw(st.sampled_from(MANIFESTS))
    for _ in range(draw(st.integers(1, 6))):
        at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 20))
        text = text[:at] + draw(st.sampled_from(PIECES)) + text[at + length :]
    return text.encode()
