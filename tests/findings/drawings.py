# SPDX-License-Identifier: GPL-2.0-only
"""Drawings of address spaces for docs/findings.md: columns of boxes, low below."""

from xml.sax.saxutils import escape

BOX, GAP, WIDTH, SPACE, EDGE = 34, 8, 250, 40, 16
# The colour of each kind of box, and whether its edge is dashed.
KINDS = {
    "stack": ("#9ecae1", False), "grown": ("#c6dbef", False),
    "guard": ("#fc9272", False), "free": ("#ffffff", True),
    "other": ("#d9d9d9", False), "hit": ("#fdae6b", False),
}
STYLE = (
    "text{font:13px sans-serif;fill:#222}.head{font-weight:bold}"
    ".note{font-style:italic}"
)


def box(x, y, height, kind, text):
    fill, broken = KINDS[kind]
    dash = ' stroke-dasharray="4 3"' if broken else ""
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{height}" '
        f'fill="{fill}" stroke="#555"{dash}/>'
        f'<text x="{x + WIDTH / 2:g}" y="{y + height / 2 + 5:g}" '
        f'text-anchor="middle">{escape(text)}</text>'
    )


def draw_columns(path, columns):
    """Write columns to a file: (title, [(kind, text, height in boxes)], note)."""
    tall = max(
        sum(height * BOX for _, _, height in boxes)
        for _, boxes, _ in columns
    )
    width = len(columns) * (WIDTH + SPACE) - SPACE + 2 * EDGE
    height = tall + 2 * EDGE + 50
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">',
        f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" rx="6" fill="#f7f7f7"/>',
    ]
    for i, (title, boxes, note) in enumerate(columns):
        x, y = EDGE + i * (WIDTH + SPACE), EDGE + 24
        parts.append(
            f'<text class="head" x="{x}" y="{EDGE + 12}">{escape(title)}</text>'
        )
        for kind, text, size in boxes:
            parts.append(box(x, y, size * BOX, kind, text))
            y += size * BOX
        parts.append(
            f'<text class="note" x="{x}" y="{tall + EDGE + 44}">'
            f"{escape(note)}</text>"
        )
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def draw(where):
    """Draw all of them into a directory; higher addresses are above."""
    draw_columns(where / "drawing-guard.svg", [
        ("off", [
            ("stack", "stack of thread A", 2), ("guard", "guard page of A", 1),
            ("hit", "stack of thread B: written to", 2),
            ("guard", "guard page of B", 1),
        ], "a frame jumps over the guard"),
        ("on, guard a mapping of its own", [
            ("stack", "stack of thread A", 2), ("guard", "guard page of A", 1),
            ("guard", "the guard grows: SIGSEGV", 1),
            ("free", "free: 1 MiB", 1), ("stack", "stack of thread B", 1),
        ], "glibc before 2.42"),
        ("on, guard within the stack", [
            ("stack", "stack of thread A", 2), ("guard", "guard page of A", 1),
            ("hit", "the stack grows: written to", 1),
            ("free", "free: what is left of 1 MiB", 1),
            ("stack", "stack of thread B", 1),
        ], "glibc from 2.42, kernel from 6.13"),
    ])
    draw_columns(where / "drawing-lines.svg", [
        ("off", [("stack", "three stacks: one mapping", 6)], "1 line of maps"),
        ("on", [
            ("stack", "a stack", 1), ("free", "guard gap", 1),
            ("stack", "a stack", 1), ("free", "guard gap", 1),
            ("stack", "a stack", 1), ("free", "guard gap", 1),
        ], "3 lines of maps"),
    ])
    draw_columns(where / "drawing-search.svg", [
        ("a request of 1 MiB or less", [
            ("other", "libraries", 1), ("stack", "a stack", 1),
            ("free", "1. large enough, but a gap", 1),
            ("stack", "a stack", 1), ("free", "2. large enough, but a gap", 1),
            ("stack", "a stack", 1), ("free", "3. and so on", 1),
        ], "looked at one by one"),
        ("a longer request", [
            ("other", "libraries", 1), ("stack", "a stack", 1),
            ("free", "too small: not looked at", 1),
            ("stack", "a stack", 1), ("free", "too small: not looked at", 1),
            ("stack", "a stack", 1), ("hit", "found below all stacks", 1),
        ], "found by the tree"),
        ("a page, holes among libraries", [
            ("other", "a library", 1), ("hit", "found in a hole", 1),
            ("other", "a library", 1), ("stack", "a stack", 1),
            ("free", "guard gap", 1), ("stack", "a stack", 1),
            ("free", "guard gap", 1),
        ], "found at once, while there are holes"),
    ])
    draw_columns(where / "drawing-munmap.svg", [
        ("mmap()", [
            ("stack", "what mmap() returned", 2), ("free", "free", 2),
        ], "64 KiB"),
        ("it grows", [
            ("stack", "what mmap() returned", 2), ("grown", "grown", 1),
            ("free", "free", 1),
        ], "one mapping, with a lower start"),
        ("munmap()", [
            ("free", "unmapped", 2), ("grown", "left behind", 1),
            ("free", "free", 1),
        ], "of what mmap() returned"),
    ])
