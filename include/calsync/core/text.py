"""Descriptions: HTML or plain text in, one canonical plain text out; our block below the delimiter, and out again.

Both services take and give HTML or plain text in the same field and rewrite it as they like, so text is compared in
the form that `plain` gives. A newline is a line break in HTML too: that is how calendars show it. Where text would
read as HTML again ("&lt;b&gt;"), its canonical form keeps the escape: nothing typed is lost and `plain` is idempotent.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5

import nh3

from include.calsync.core.limits import EVENT_DESCRIPTION, shorten

DELIMITER = "───── Pipedrive ─────"
"""The line between what people typed and our block. Starts with no character that an HTML attribute could."""

_INLINE = frozenset({"a", "b", "code", "del", "em", "i", "ins", "s", "strong", "sub", "sup", "u"})
_CELLS = frozenset({"td", "th"})
_BLOCK_NAMES = "blockquote|dd|div|dl|dt|h1|h2|h3|h4|h5|h6|hr|li|ol|p|pre|table|tbody|td|tfoot|th|thead|tr|ul"  # kept
_DROPPED_NAMES = "iframe|math|noscript|object|script|style|svg|template|textarea|title"  # with what they hold
_OTHER_NAMES = (  # known, so that they are not taken for text; the tags go, what they hold stays
    "abbr|acronym|address|area|article|aside|audio|base|basefont|bdi|bdo|big|body|button|caption|center|cite|col|"
    "colgroup|data|datalist|details|dfn|dir|embed|fieldset|figcaption|figure|font|footer|form|frame|frameset|head|"
    "header|hgroup|html|image|img|input|kbd|label|legend|link|main|map|mark|menu|meta|meter|nav|noframes|optgroup|"
    "option|output|param|picture|progress|q|rp|rt|ruby|samp|section|select|small|source|span|strike|summary|time|"
    r"track|tt|var|video|wbr|(?:o|v|w|m|st1):[a-z]\w*"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split("|"))
_DROPPED = frozenset(_DROPPED_NAMES.split("|"))
_ALLOWED = _INLINE | _BLOCKS | {"br"}
_NAME = "(?:" + "|".join([*sorted(_INLINE), "br", _BLOCK_NAMES, _DROPPED_NAMES, _OTHER_NAMES]) + ")"
_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"'=<>`]+)"""
_ATTRIBUTE = r"\s+[a-z_:@][-a-z0-9_:.]*+"
_KNOWN = rf"(?:/{_NAME}\s*>|{_NAME}(?:{_ATTRIBUTE}(?:\s*=\s*{_VALUE})?+)*+\s*/?>)"
# Any other element is markup, too, as calendars show it. But "1 <x and y> 2" is prose: its words are no attributes.
_PART = "[a-z][a-z0-9_]*+"
_CUSTOM = rf"{_PART}(?:-[a-z0-9_]++)++(?:{_ATTRIBUTE}(?:\s*=\s*{_VALUE})?+)*+"
_OTHER = rf"{_PART}(?::{_PART})*+(?:{_ATTRIBUTE}\s*=\s*{_VALUE})*+"
_UNKNOWN = rf"(?:/{_PART}(?:[-:][a-z0-9_]++)*+\s*>|(?:{_CUSTOM}|{_OTHER})\s*/?>)"
_TAG = re.compile(rf"<(?:!--|!doctype\b[^<>\n]*>|{_KNOWN}|{_UNKNOWN})", re.IGNORECASE | re.ASCII)
_UNKNOWN_TAG = re.compile(rf"<(?!/?{_NAME}[\s/>]){_UNKNOWN}", re.IGNORECASE | re.ASCII)
_NOT_A_TAG = re.compile(rf"<(?!!--|!doctype\b|/?{_NAME}[\s/>]|{_UNKNOWN})", re.IGNORECASE | re.ASCII)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_NEWLINE = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_HTML_BREAK = re.compile(r'</?(?P<tag>[a-z][a-z0-9]*)(?:"[^"]*"|[^">])*>|' + _NEWLINE.pattern)  # of cleaned HTML
_BLANKS = re.compile(r"[^\S\n]+|\ufeff")
_LINE_END, _GAP = re.compile(r" ?\n ?"), re.compile(r"\n{3,}")
_LINK = re.compile(r'<a href="(?P<href>[^"]*)">(?P<text>[^<]*)</a>')
_ADDRESS = re.compile(r"(?:https?://)?(?P<host>(?:[\w-]+\.)+[a-z]{2,})(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE)
_EMPTY = re.compile(r"\s+|<br>|<(p|div)></\1>")


RECENT = 256
"""So many texts are remembered in the form that was made of them: the same few are asked for while a pair is merged."""


@lru_cache(RECENT)
def plain(text: str | None) -> str:
    """Canonical plain text of HTML or plain text: lines without outer or doubled blanks, no three newlines in a row."""
    source = safe_html(text)
    return escape("\n".join(line.text for line in _lines(source)))


@lru_cache(RECENT)
def safe_html(text: str | None) -> str:
    """The text as it may be carried across: simple formatting, lists, links; no scripts, styles, images, trackers.

    What is not HTML stays as it is, but for characters that no service takes (NUL, lone surrogates).
    """
    source = clean_characters(text)
    for _ in range(5):  # the cleaner's own output may parse differently (a newline at the start of <pre>)
        if not _TAG.search(source):
            break
        tags = _UNKNOWN_TAG.sub("", _NOT_A_TAG.sub("&lt;", source))
        cleaned = clean_characters(_honest(_cleaner.clean(tags)))
        if cleaned == source:
            break
        source = cleaned
    return source


def compose(typed: str, block: str) -> str:
    """A description: what people typed, the delimiter line, the block (canonical plain text). No block: typed alone.

    What is too long for an event loses its formatting, and then its end, visibly.
    """
    whole = _composed(safe_html(typed).strip(), block)
    if len(whole) <= EVENT_DESCRIPTION:
        return whole
    room = EVENT_DESCRIPTION - len(_composed("-", block))
    return _composed(shorten(plain(typed), room), block)


def _composed(above: str, block: str) -> str:
    if not block:
        return above
    if not _TAG.search(above):
        return "\n".join([*([above, ""] if above else []), DELIMITER, block])
    lines = [html.escape(unescape(line), quote=False) for line in block.split("\n")]
    return above + "<br><br>" + "<br>".join([DELIMITER, *lines])


def typed_part(raw: str, blocks: Sequence[str]) -> str:
    """What people typed in an event's description, as safe text: everything but our block.

    `blocks`: the texts that we may have written last. One of them is taken out wherever it stands, with or without
    the delimiter. If none is whole, everything above the delimiter is what people typed. Only empty ones: we wrote
    no block, so all of it was typed; an empty sequence: not known, the delimiter decides.
    """
    source = safe_html(raw)
    lines = [line for line in _lines(source) if line.text]
    kept, at = [], 0
    for first, last in _ours([line.text for line in lines], blocks):
        kept.append(source[at : lines[first].start])
        at = lines[last].end if last < len(lines) else len(source)
    rest = "".join([*kept, source[at:]])
    if not _TAG.search(source):
        return _escape_tags(rest).strip()  # what the cut brought together must not read as a tag
    return _without_empty_ends(safe_html(rest))


def _without_empty_ends(source: str) -> str:
    """Cleaned HTML without blanks, breaks and empty blocks before and after what it says."""
    empty = list(_EMPTY.finditer(source))
    start, end = 0, len(source)
    for found in empty:
        if found.start() != start:
            break
        start = found.end()
    for found in reversed(empty):
        if found.end() != end or end <= start:
            break
        end = found.start()
    return source[start:end]


def escape(text: str) -> str:
    """The canonical form of literal text: escaped only where it would read as HTML."""
    if "&" not in text and "<" not in text:
        return _tidy(text)
    return _escape_tags(_ENTITY.sub(lambda m: m[0] if unescape(m[0]) == m[0] else "&amp;" + m[0][1:], _tidy(text)))


def unescape(text: str) -> str:
    """The literal text of a canonical one. Only complete entities of HTML count: "?a=1&copy=2" stays as it is."""
    return _ENTITY.sub(lambda m: html.unescape(m[0]) if m[0][1] == "#" or m[0][1:] in html5 else m[0], text)


def one_line(text: str | None) -> str:
    """A title, name or place: literal text in one line, runs of whitespace folded, ends trimmed."""
    return " ".join(clean_characters(text).replace("\ufeff", " ").split())


def search_key(text: str | None) -> str:
    """What a title is found by, whatever the case and the spaces: its first 255 characters, folded."""
    return one_line(unicodedata.normalize("NFKC", text or "").casefold())[:255]


def clean_characters(text: str | None) -> str:
    """The text without control characters; surrogate pairs joined, lone surrogates replaced: valid UTF-8 and JSON."""
    if not text or text.isprintable():  # as almost all is; no surrogate and no control character is printable
        return text or ""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _CONTROL.sub("", joined)


def _honest(cleaned: str) -> str:
    """Without links that show one address and open another: those count clicks. The address shown stays, as text."""
    return _LINK.sub(lambda link: link["text"] if _leads_elsewhere(link) else link[0], cleaned)


def _leads_elsewhere(link: re.Match[str]) -> bool:
    shown = _ADDRESS.fullmatch(unescape(link["text"]).strip())
    opened = _ADDRESS.fullmatch(unescape(link["href"]))
    return bool(shown and opened) and _host(shown) != _host(opened)


def _host(address: re.Match[str] | None) -> str:
    return address["host"].lower().removeprefix("www.") if address else ""


_cleaner = nh3.Cleaner(
    tags=set(_ALLOWED),
    clean_content_tags=set(_DROPPED),
    attributes={"a": {"href"}},
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as shown, and where its source stands."""

    text: str
    start: int
    end: int


@lru_cache(RECENT)
def _lines(source: str) -> tuple[_Line, ...]:
    return tuple(_read_lines(source))


def _read_lines(source: str) -> Iterator[_Line]:
    """The lines of cleaned text. Ends of blocks break a line that has text; a newline after a tag's break is layout."""
    parts: list[str] = []
    start = at = 0
    broken = False  # by a tag, with nothing since
    for mark in (_HTML_BREAK if _TAG.search(source) else _NEWLINE).finditer(source):
        parts.append(source[at : mark.start()])
        at = mark.end()
        name = mark["tag"] if "tag" in mark.groupdict() else None
        if name in _INLINE or name in _CELLS:
            parts.append(" " if name in _CELLS else "")
            continue
        text = _fold("".join(parts))
        layout = name is None and broken and not text
        if text or not (layout or name in _BLOCKS):
            yield _Line(text, start, mark.start())
        parts, start, broken = [], at, name is not None
    yield _Line(_fold("".join([*parts, source[at:]])), start, len(source))


def _fold(text: str) -> str:
    return _tidy(unescape(text))


def _tidy(text: str) -> str:
    """Literal text with canonical whitespace."""
    if text.isprintable() and "  " not in text:  # the only printable blank is the plain one
        return text.strip()
    text = _BLANKS.sub(" ", _NEWLINE.sub("\n", clean_characters(text)))
    return _GAP.sub("\n\n", _LINE_END.sub("\n", text)).strip()


def _escape_tags(text: str) -> str:
    while _TAG.search(text):
        text = _TAG.sub(lambda m: "&lt;" + m[0][1:], text)
    return text


def _ours(lines: Sequence[str], blocks: Sequence[str]) -> list[tuple[int, int]]:
    """Which lines are ours, as (first, last), ascending. `lines` and blocks are compared without blank lines."""
    written = [[line.text for line in _lines(block) if line.text] for block in blocks]
    written = sorted((block for block in written if block), key=len, reverse=True)
    for block in written:
        at = _last(lines, [DELIMITER, *block])
        if at is not None:
            return [(at, at + len(block))]
    for block in written:
        at = _last(lines, block)
        if at is not None:
            mark = _last(lines[:at], [DELIMITER])
            return [*([] if mark is None else [(mark, mark)]), (at, at + len(block) - 1)]
    mark = _last(lines, [DELIMITER]) if written or not blocks else None
    return [] if mark is None else [(mark, len(lines))]


def _last(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    """Where `wanted` stands for the last time in `lines`."""
    size, whole = len(wanted), list(wanted)
    starts = range(len(lines) - size, -1, -1)
    return next((at for at in starts if lines[at] == whole[0] and list(lines[at : at + size]) == whole), None)
