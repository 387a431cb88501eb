"""Descriptions: the canonical form, what may be carried across, and our block."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.calsync.core.text import (
    DELIMITER,
    clean_characters,
    compose,
    escape,
    one_line,
    plain,
    safe_html,
    typed_part,
    unescape,
)

PIECES = st.sampled_from(
    [
        *("a", "b", " ", "  ", "\n", "\t", "\r\n", "\xa0", "\ufeff", "\x00", "\ud800", "😀", "\u2028", "&#10;", "&#0;"),
        *(
            "<",
            ">",
            "&",
            ";",
            "/",
            '"',
            "'",
            "=",
            "lt",
            "amp",
            "&lt;",
            "&amp;",
            "&amp;lt;",
            "&nbsp;",
            "&copy",
            "&#x41;",
        ),
        *("<b>", "</b>", "<b ", "<br>", "<br/>", "<p>", "</p>", "<div>", "</div>", "<ul>", "<li>", "</ul>", "<pre>"),
        *('<a href="https://x.example">', "</a>", '<a href="', "<script>", "</script>", "<style>", "<!--", "-->"),
        *(
            "<table>",
            "<tr>",
            "<td>",
            "<img src=x>",
            "<svg>",
            "<math>",
            "<title>",
            "<x-y>",
            "<joe@x.example>",
            "<plaintext>",
        ),
        *("<h1>", "<select>", "<option>", "<frameset>", "<template>", "<o:p>", "<font color=red>", "<xmp>", "<nobr>"),
        *(DELIMITER, "Deal: A", "Link: https://x.example"),
    ]
)
MARKUP = st.lists(PIECES, max_size=12).map("".join)
TEXTS = st.one_of(MARKUP, st.text(max_size=40), st.text(st.sampled_from("<>&;/ab \n"), max_size=30))
LINES = st.sampled_from(
    ["Deal: A", "Deal: <b", "Contact: x>", "Link: https://x.example?a=1&copy=2", "Note: &amp;", "x", DELIMITER]
)
BLOCKS = st.lists(LINES, min_size=1, max_size=4).map(lambda lines: escape("\n".join(lines)))
BLOCK = "Deal: Müller & Söhne <b>\nPhone: +49 30 1\nLink: https://acme.example/activities/1"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (None, ""),
        ("", ""),
        ("a < b", "a < b"),
        ("x<y", "x<y"),
        ("1 <2 and 3> 2", "1 <2 and 3> 2"),
        ("Tom & Jerry, AT&T, ?a=1&copy=2", "Tom & Jerry, AT&T, ?a=1&copy=2"),
        ("a &amp; b", "a & b"),
        ("a&nbsp;\xa0  b \t", "a b"),
        ("<joe@x.example> <https://x.example>", "<joe@x.example> <https://x.example>"),
        ("<b>x</b> <joe@x.example> y<z", "x <joe@x.example> y<z"),
        ("a<br>b<BR />\nc<br/>", "a\nb\nc"),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("<div>a<div>b</div></div>c", "a\nb\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<b>a</b>\nb", "a\nb"),
        ("a\n\n\n\nb  \n c", "a\n\nb\nc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("<script>x()</script><style>p{}</style>hi<img src='https://t.example/1.gif'>", "hi"),
        ("<!-- c -->d", "d"),
        ("&lt;b&gt;", "&lt;b>"),
        ("&amp;lt;", "&amp;lt;"),
        ("a\x00b\ud800c", "ab\ufffdc"),
        ("\ud83d\ude00 שלום", "😀 שלום"),
        ("Test call<br>", "Test call"),
        ("<html-blob>Hello<br>World</html-blob>", "Hello\nWorld"),
        (
            "<google-sheets-html-origin><style>td {}</style><table><tr><td>a</table></google-sheets-html-origin>",
            "a",
        ),
        ("<html-blob>Hello</html-blob>", "Hello"),
        ("<my-card open>a</my-card> <Unheard Of='1'>b</Unheard>", "a b"),
        ("<x:note>a</x:note><blink>b</blink><xmp>c</xmp>", "abc"),
        ("<plaintext>a<b>c</b>", "ac"),
        ("<x/>a", "a"),
        ("&lt;html-blob&gt;", "&lt;html-blob>"),
        ("<<foo>b>x", "&lt;b>x"),
        ("1 <x and y> 2 <b>z</b> <semi-final q", "1 <x and y> 2 z <semi-final q"),
        ("<tel:110> <urn:isbn:1> <john.doe> <a@b>", "<tel:110> <urn:isbn:1> <john.doe> <a@b>"),
    ],
)
def test_plain(raw: str | None, shown: str) -> None:
    assert plain(raw) == shown


@given(TEXTS)
def test_plain_is_idempotent_and_canonical(raw: str) -> None:
    once = plain(raw)
    assert plain(once) == once
    assert escape(unescape(once)) == once
    json.dumps(once, ensure_ascii=False).encode("utf-8")


@given(TEXTS)
def test_what_is_carried_across_says_the_same(raw: str) -> None:
    carried = safe_html(raw)
    assert plain(carried) == plain(raw)
    carried.encode("utf-8")


@given(st.text(st.sampled_from("<>&;/ab \nlt#1!-"), max_size=30))
def test_literal_text_survives(text: str) -> None:
    assert unescape(plain(escape(text))) == unescape(escape(text))


@pytest.mark.parametrize(
    ("raw", "carried"),
    [
        ("x<y & z\n  kept  as is", "x<y & z\n  kept  as is"),
        ("<b onclick='x()' style='color:red'>a</b>", "<b>a</b>"),
        (
            '<a href="https://x.example" target="_blank" ping="https://t.example">l</a>',
            '<a href="https://x.example">l</a>',
        ),
        ('<a href="javascript:x()">l</a>', "<a>l</a>"),
        ("<span>a</span><iframe src='https://t.example'></iframe>", "a"),
        ("<ul><li>a", "<ul><li>a</li></ul>"),
    ],
)
def test_safe_html(raw: str, carried: str) -> None:
    assert safe_html(raw) == carried


@given(TEXTS, BLOCKS)
@example("<b", "Contact: x>")
@example('see <a href="', 'Deal: 5" pipe >')
@example("a\n" + DELIMITER, "x")
@example("x\nx", "x\nx")
def test_the_block_comes_out_again(typed: str, block: str) -> None:
    raw = compose(typed, block)
    assert plain(typed_part(raw, [block])) == plain(typed)
    assert plain(typed_part(plain(raw), [block])) == plain(typed)
    assert plain(compose(plain(typed), block)) == plain(raw)


@given(TEXTS, BLOCKS)
def test_line_ends_that_a_server_changes_do_not_matter(typed: str, block: str) -> None:
    raw = compose(typed, block).replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n"
    assert plain(typed_part(raw, [block])) == plain(typed)


@given(TEXTS)
def test_no_block_no_delimiter(typed: str) -> None:
    assert plain(compose(typed, "")) == plain(typed)
    assert plain(typed_part(compose(typed, ""), [""])) == plain(typed)


def editor(text: str) -> str:
    """What a rich-text editor makes of plain text: line breaks, entities, non-breaking blanks, links."""
    out = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    out = out.replace(
        "https://acme.example/activities/1",
        '<a href="https://acme.example/activities/1">https://acme.example/activities/1</a>',
    )
    return out.replace("\n", "<br>").replace("  ", "&nbsp; ").replace(": ", ":&nbsp;")


WORDS = st.lists(st.sampled_from(["a", "b c", "x<y", "5 > 4", "Tom & Jerry", "", "  in", "😀"]), max_size=5).map(
    "\n".join
)
EDITORS = [
    editor,
    lambda text: "".join(f"<div>{editor(line) or '<br>'}</div>" for line in text.split("\n")),
    lambda text: f"<span>{editor(text)}</span>",
    lambda text: "<b>" + editor(text) + "</b><u></u>",
]


@pytest.mark.parametrize("rewrite", EDITORS)
@given(typed=WORDS)
def test_the_block_comes_out_of_what_an_editor_made_of_it(rewrite, typed: str) -> None:
    block = escape(BLOCK)
    whole = unescape(compose(typed, block))
    assert plain(typed_part(rewrite(whole), ["Link: other", block])) == plain(typed)
    without_delimiter = whole.replace(DELIMITER + "\n", "")
    assert plain(typed_part(rewrite(without_delimiter), [block])) == plain(typed)
    without_block = whole[: whole.index(DELIMITER)] + DELIMITER
    assert plain(typed_part(rewrite(without_block), [block])) == plain(typed)
    edited = whole.replace("+49 30 1", "+49 30 2\nnew line")
    assert plain(typed_part(rewrite(edited), [block])) == plain(typed)
    below = whole + "\n\nmore"
    assert plain(typed_part(rewrite(below), [block])).split("\n")[-1] == "more"
    assert DELIMITER not in typed_part(rewrite(below), [block])
    assert "Phone" not in typed_part(rewrite(below), [block])


def test_formatting_above_the_block_survives() -> None:
    raw = f'<b>Agenda</b><ul><li>one</li></ul><br>{DELIMITER}<br><b>Deal: A</b><br>Link: <a href="https://x.example">https://x.example</a>'
    assert typed_part(raw, ["Deal: A\nLink: https://x.example"]) == "<b>Agenda</b><ul><li>one</li></ul>"


def test_of_several_blocks_the_longest_that_fits_is_taken() -> None:
    raw = compose("typed", "Deal: A\nLink: L")
    assert typed_part(raw, ["Link: L", "Deal: A\nLink: L"]) == "typed"
    assert typed_part(raw, ["Deal: A\nLink: L", "Deal: A"]) == "typed"


def test_a_block_that_is_gone_takes_nothing_along() -> None:
    assert typed_part("typed\nPhone: +49 30 1", [BLOCK]) == "typed\nPhone: +49 30 1"
    assert typed_part("", [BLOCK]) == ""
    assert typed_part("all typed", []) == "all typed"


def test_without_knowledge_of_the_block_the_delimiter_decides() -> None:
    assert typed_part(compose("typed", "Deal: old"), []) == "typed"


LARGE = ["<b>" * 20_000, "<b " * 30_000, "<a b=c " * 15_000, "x\n" * 50_000, "&amp;" * 20_000, "<" * 100_000]


@pytest.mark.parametrize("raw", LARGE, ids=range(len(LARGE)))
def test_large_texts_are_bounded(raw: str) -> None:
    assert plain(plain(raw)) == plain(raw)
    assert len(typed_part(raw, [BLOCK])) <= 3 * len(raw)


RUNS = [" ", "\n", "\t ", "&nbsp;", "<br>", "<br> ", "<p></p>", "<div></div>\n"]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("where", ["<b>a</b>{}b", "{}<b>a</b>", "<b>a</b>{}", "<b{}>a</b>"])
def test_a_long_run_of_nothing_takes_no_time(run: str, where: str) -> None:
    """32 K of it once took 14 s."""
    raw = where.format(run * (32_768 // len(run)))
    begun = time.process_time()
    typed_part(raw, [BLOCK])
    plain(raw)
    assert time.process_time() - begun < 3


def test_empty_ends_are_no_text() -> None:
    raw = f"<br> <p></p>\n<b>Agenda</b> <br><br>x<br><div></div> {DELIMITER}<br>Deal: A<br>"
    assert typed_part(raw, ["Deal: A"]) == "<b>Agenda</b> <br><br>x"
    assert typed_part(f"<br> <p></p>{DELIMITER}<br>Deal: A", ["Deal: A"]) == ""


def test_one_line() -> None:
    assert one_line(" a\n\tb\xa0\u2028c\x00\ud800 ") == "a b c\ufffd"
    assert one_line(None) == ""


@given(st.text())
def test_clean_characters_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean_characters(text)
    assert "\x00" not in cleaned
    assert clean_characters(cleaned) == cleaned
    cleaned.encode("utf-8")
