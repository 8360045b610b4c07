#!/usr/bin/env python3
"""Turns a captured terminal screen (text with SGR escapes, on stdin) into an SVG on stdout.

    tmux capture-pane -e -p | ansi_to_svg.py --columns 100 --rows 30 --title "gradus take"

Standard library only. Every run of equally styled characters becomes one <text> whose length is
fixed to its cells, so that the grid holds whatever monospace font a reader has.
"""

import argparse
import re
import sys
import unicodedata
from dataclasses import dataclass, replace
from html import escape

CELL_WIDTH = 8.4
CELL_HEIGHT = 17
FONT_SIZE = 14
PADDING = 14
BAR = 32

BACKGROUND = "#16181d"
FOREGROUND = "#d8dce3"
PALETTE = [
    "#3b4048", "#ef6b73", "#8cc570", "#e0b35f", "#6aa9f0", "#c58be6", "#56bccb", "#c3c9d2",
    "#7d8590", "#ff8a91", "#a9de8c", "#f5cd80", "#8fc1ff", "#dba8f7", "#7fd7e4", "#f2f4f7",
]
SGR = re.compile(r"\x1b\[([0-9;:]*)m")
OTHER_ESCAPES = re.compile(r"\x1b(\][^\x07\x1b]*(\x07|\x1b\\)|\[[0-9;?]*[A-Za-ln-z]|[()][A-Z0-9])")


@dataclass(frozen=True)
class Style:
    foreground: str | None = None
    background: str | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


FLAGS = {
    1: {"bold": True}, 2: {"dim": True}, 3: {"italic": True}, 4: {"underline": True},
    7: {"reverse": True}, 9: {"strike": True}, 22: {"bold": False, "dim": False},
    23: {"italic": False}, 24: {"underline": False}, 27: {"reverse": False},
    29: {"strike": False}, 39: {"foreground": None}, 49: {"background": None},
}


def indexed(number):
    """The colour of xterm's 256-colour table."""
    if number < 16:
        return PALETTE[number]
    if number < 232:
        steps = [0, 95, 135, 175, 215, 255]
        number -= 16
        parts = (steps[number // 36], steps[number // 6 % 6], steps[number % 6])
    else:
        parts = (8 + 10 * (number - 232),) * 3
    return "#%02x%02x%02x" % parts


def extended(codes):
    """The colour after 38 or 48, taking its arguments from the list."""
    kind = codes.pop(0) if codes else 5
    if kind == 5 and codes:
        return indexed(codes.pop(0))
    if kind == 2 and len(codes) >= 3:
        return "#%02x%02x%02x" % (codes.pop(0), codes.pop(0), codes.pop(0))
    return None


def styled(style, parameters):
    """The style after one SGR sequence."""
    codes = [int(part or 0) for part in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in FLAGS:
            style = replace(style, **FLAGS[code])
        elif code in (38, 48):
            name = "foreground" if code == 38 else "background"
            style = replace(style, **{name: extended(codes)})
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = replace(style, foreground=PALETTE[code - 30 if code < 90 else code - 82])
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = replace(style, background=PALETTE[code - 40 if code < 100 else code - 92])
    return style


def width(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def runs(line, style):
    """The line as (column, cells, text, style) and the style at its end."""
    found, column, at = [], 0, 0
    line = OTHER_ESCAPES.sub("", line)
    for piece in re.split(r"(\x1b\[[0-9;:]*m)", line):
        escape_sequence = SGR.fullmatch(piece)
        if escape_sequence:
            style = styled(style, escape_sequence[1])
        elif piece:
            cells = sum(width(character) for character in piece)
            found.append((column, cells, piece, style))
            column += cells
    return found, style


def colours(style):
    foreground, background = style.foreground or FOREGROUND, style.background
    if style.reverse:
        foreground, background = background or BACKGROUND, foreground
    return foreground, background


def draw_run(row, run):
    column, cells, text, style = run
    foreground, background = colours(style)
    x, y = PADDING + column * CELL_WIDTH, BAR + PADDING + row * CELL_HEIGHT
    if background:
        yield (f'<rect x="{x:.1f}" y="{y}" width="{cells * CELL_WIDTH:.1f}" '
               f'height="{CELL_HEIGHT}" fill="{background}"/>')
    if not text.strip() and not style.underline:
        return
    # Leading blanks are moved into the position and inner ones made unbreakable: renderers drop
    # the first and run the others together, whatever `xml:space` says.
    blanks = len(text) - len(text.lstrip(" "))
    text, x = text.strip(" "), x + blanks * CELL_WIDTH
    length = sum(width(character) for character in text) * CELL_WIDTH
    attributes = f'x="{x:.1f}" y="{y + 13}" textLength="{length:.1f}" fill="{foreground}"'
    if style.bold:
        attributes += ' font-weight="bold"'
    if style.dim:
        attributes += ' opacity="0.65"'
    if style.italic:
        attributes += ' font-style="italic"'
    decoration = [name for name, on in
                  (("underline", style.underline), ("line-through", style.strike)) if on]
    if decoration:
        attributes += f' text-decoration="{" ".join(decoration)}"'
    text = escape(text).replace(" ", "\u00a0")
    yield f"<text {attributes}>{text}</text>"


def picture(screen, columns, rows, title):
    wide, high = 2 * PADDING + columns * CELL_WIDTH, BAR + 2 * PADDING + rows * CELL_HEIGHT
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high}" '
           f'width="{wide:.0f}" height="{high}" role="img" aria-label="{escape(title)}" '
           f'font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" '
           f'font-size="{FONT_SIZE}">')
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{wide:.0f}" height="{high}" rx="10" fill="{BACKGROUND}"/>'
    yield f'<path d="M0 {BAR}h{wide:.0f}" stroke="#2a2e36"/>'
    for place, colour in enumerate(("#ef6b73", "#e0b35f", "#8cc570")):
        yield f'<circle cx="{20 + 18 * place}" cy="{BAR / 2:.0f}" r="5.5" fill="{colour}"/>'
    yield (f'<text x="{wide / 2:.0f}" y="{BAR / 2 + 5:.0f}" text-anchor="middle" '
           f'fill="#8a919d" font-size="13">{escape(title)}</text>')
    style = Style()
    for row, line in enumerate(screen.split("\n")[:rows]):
        found, style = runs(line, style)
        for run in found:
            yield from draw_run(row, run)
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--title", default="gradus")
    options = parser.parse_args()
    screen = sys.stdin.read()
    print("\n".join(picture(screen, options.columns, options.rows, options.title)))


if __name__ == "__main__":
    main()
