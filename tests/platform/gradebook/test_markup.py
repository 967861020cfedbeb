"""Markdown of students is harmless once nbconvert has rendered it, and honest Markdown stays what it was."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.gradebook.markup import neutral_markdown, neutral_tex, verbatim

SAFE_TAGS = {
    *("a", "b", "i", "u", "s", "p", "em", "br", "hr", "ul", "ol", "li", "td", "th", "tr", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "blockquote", "code", "del", "div", "img", "input", "kbd", "pre", "section", "span", "strong"),
    *("sub", "sup", "table", "tbody", "thead"),
}


def render(source: str) -> str:
    """As formgrader does it."""
    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments={})).render(source))


class Dangers(HTMLParser):
    """Everything in a page that could run, written without regard to how markup.py looks for it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SAFE_TAGS:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            link = re.sub("[\t\n\r]", "", value or "").lstrip("\x00 ").lower()  # as the URL standard says
            if name.startswith("on") or (name == "class" and "mermaid" in link):
                self.found.append(f"{name}={value}")
            scheme = re.match(r"[a-z][a-z0-9+.-]*:", link)
            if name not in {"title", "class", "id"} and scheme and scheme[0] not in {"http:", "https:", "mailto:"}:
                self.found.append(f"{name}={value}")
            if name == "src" and link and not link.startswith("data:image/"):
                self.found.append(f"{name}={value}")


def dangers(source: str) -> list[str]:
    finder = Dangers()
    finder.feed(render(source))
    finder.close()
    return finder.found


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<IMG/SRC=x/ONERROR=alert(1)//",
    "<svg/onload=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "<br onmouseover=alert(1)>",
    "<!-- <img src=x onerror=alert(1)> -->",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>*{display:none}</style>",
    "<form action=javascript:alert(1)><input type=submit>",
    "<meta http-equiv=refresh content='0;url=http://evil'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&#58;alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x][r]\n\n[r]: javascript:alert(1)",
    "[x]\n\n[x]: <javascript:alert(1)> 'title'",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    "![x](http://evil.example/beacon.png)",
    "![x][r]\n\n[r]: //evil.example/beacon.png",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](/formgrader/api/x)",
    "![a](attachment:nope.png)",
    "![a](&#97;ttachment:nope.png)",
    "```mermaid\ngraph TD; A[<img src=x onerror=alert(1)>]\n```",
    '~~~~  mermaid\nclick A href "javascript:alert(1)"\n~~~~',
    "```\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    "`<script>`",
    "| a |\n|--|\n| <img src=x onerror=alert(1)> |",
    "# <img src=x onerror=alert(1)>",
    "$$<img src=x onerror=alert(1)>$$",
    "\\begin{x}<script>\\end{x}",
    "> <script\n> >alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<scr\x00ipt>alert(1)</script>",
    "</div></div><h1 style='position:fixed'>",
    "[x](http://a'onmouseover=alert(1))",
    '[x](http://a "t\\" onmouseover=alert(1) ")',
    '![x" onerror="alert(1)](y)',
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_active_is_left(attack: str) -> None:
    assert dangers(neutral_markdown(attack)) == []


def test_the_attacks_are_attacks() -> None:
    """Else the test above would show nothing: nbconvert by itself lets most of them through."""
    live = 0
    for attack in ATTACKS:
        try:
            live += bool(dangers(attack))
        except Exception:  # a missing attachment stops nbconvert altogether
            live += 1
    assert live >= 25


HONEST = [
    "Because $q(z|x) = p(z)$, so $\\mathrm{KL}(q\\,\\|\\,p)=0$ when $\\beta > 1$.",
    "$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$",
    "a < b and b > c & d",
    "# Title\n\n- one\n- two\n\n1. three\n\n> quote\n\n**bold** *it* `code` ~~no~~",
    "| a | b |\n|:--|--:|\n| 1 | 2 |",
    "```python\nfor i in range(3):\n    print(i)\n```",
    "See [the paper](https://arxiv.org/abs/1312.6114) or <https://example.org/a>.",
    "Training data: MNIST. The file: train.py. Note: 3:1 split.",
    "line<br>line <b>bold</b> x<sub>t</sub>",
    "- [ ] todo\n- [x] done",
    "\\$5 and \\*no\\*",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_markdown_is_left_as_it_is(text: str) -> None:
    assert neutral_markdown(text) == text


def test_comparisons_inside_formulas_stay_readable() -> None:
    assert neutral_markdown("$x<y$") == "$x< y$"


def test_mathjax_commands_that_make_links_or_styles_lose_their_meaning() -> None:
    for text in ["$\\href{https://x}{y}$", "$\\style{position:fixed}{y}$", "$&#92;class{a}{b}$", "\\\\require{html}"]:
        shown = neutral_markdown(text)
        assert "\\href" not in shown
        assert "\\style" not in shown
        assert "\\class" not in shown
        assert "\\require" not in shown
    assert neutral_tex("$\\mathbb{R}^d$ and \\hrefs") == "$\\mathbb{R}^d$ and \\hrefs"


def test_an_attached_image_is_shown_under_a_name_of_ours() -> None:
    shown = neutral_markdown("![p](attachment:my%20plot.png)", {"my plot.png": "attachment-1.png"})
    assert shown == "![p](attachment:attachment-1.png)"


def test_verbatim_cannot_be_left() -> None:
    text = "```\n</pre><script>alert(1)</script>\n````\n[x](javascript:1)"
    assert dangers(verbatim(text)) == []
    assert "<a " not in render(verbatim(text))


def test_long_text_is_cut() -> None:
    assert len(neutral_markdown("word " * 100_000)) < 20_200


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["[", "*a ", "$", "`a", ">", "- ", "[a](", "\\begin{a}", "<a ", "![", "\\\\[", "&amp;", "|a"]
)
def test_no_text_takes_long(piece: str) -> None:
    start = time.process_time()
    neutral_markdown(piece * (20_000 // len(piece)))
    assert time.process_time() - start < 10


@pytest.mark.parametrize("mark", ["`", "``", "~~~", "\\", "` ", "\\ "])
def test_a_long_run_of_marks_costs_no_more_than_its_length(mark: str) -> None:
    """Fifteen such cells, as many as are shown, once took the grader two minutes."""
    start = time.process_time()
    neutral_markdown(mark * (20_000 // len(mark)))
    assert time.process_time() - start < 1


def test_what_stands_behind_a_run_of_marks_is_still_found() -> None:
    """Diagrams and links of TeX, whatever number of marks is before them."""
    assert "mermaid" not in neutral_markdown("`````` mermaid\nx\n``````\n\n~~~~~\tmermaid\nx\n~~~~~")
    assert "\\" not in neutral_markdown("$\\\\\\href{x}{y} \\url{z}$")


PIECES = st.sampled_from(
    [
        *("<", ">", "<b", "<script", "<!--", "/>", "](", "[x]", "[x](", ")", "javascript", ":", "&colon;", "&#106;"),
        *("data:", "\\", "`", "```", "~~~", "mermaid", "\n", "\n\n", " ", "$", "$$", "\\begin{a}", "\\end{a}"),
        *("attachment:", "!", "|", "-", "a", "onerror=alert(1)", "src=x", '"', "'", "&lt;", "&amp;", "#", "    "),
        *("http://x", "\t", "\x00", "&", "#58;", "img "),
    ]
)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_mixture_of_markup_is_active(text: str) -> None:
    assert dangers(neutral_markdown(text)) == []
