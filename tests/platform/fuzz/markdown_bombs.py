"""Markdown that renderers are known to be slow, deep or wrong about."""

from __future__ import annotations

from random import Random

# Repeated, most of these have made some renderer or regular expression quadratic, or recursive, or worse.
PIECES = (
    "[", "![", "](", "[a](", "[a](b)", "[[a]]", "[a]: b\n", "[^1]", "[^1]: x\n", "*", "**a ", "_a ", "*a_ ", "`", "``",
    "`a", "~~a",
    "<", "<a", "</", "<!--", "<![CDATA[", "<?", "<!A", "<a href=", "<https://", "&", "&#", "&#106", "&colon;",
    "&amp;amp;",
    ">", "> ", ">>", "- ", "* - ", "1. ", "  - a\n", "    a\n", "\t", "#", "# a\n", "=\n", "---\n", "|",
    "|a|b|\n|-|-|\n", "|a",
    "$", "$$", "\\(", "\\[", "\\begin{a}", "\\begin{a}\\end{a}", "$a$", "\\", "\\\\", "\\href{javascript:x}{y}",
    "\\style{a}{b}",
    "```", "~~~", "```mermaid\n", "```\n", "- [ ] a\n", "http://a.b", "javascript:", "java&Tab;script:",
    "data:text/html,x",
    "attachment:", "![a](attachment:b)", "\n", "\n\n", " ", "  \n", "a", "\u2028", "\x00", "\ufeff", "é", "😀",
    "<br>", "<b>", "<script>", "<img src=x onerror=alert(1)>", "<svg/onload=x>", "<a href='javascript:x'>",
    "[x](<javascript:x>)",
    "[x](\x01javascript:x)", "![x](x 'y", "[a]\n\n[a]: javascript:x\n", "<x@y.z>", "\\<script>", "&lt;script&gt;",
    "{% x %}", "{{x}}",
)  # fmt: skip


def hostile_markdown(random: Random) -> str:
    """Some pieces, each repeated or not, up to rather more than is ever rendered."""
    text = ""
    for _ in range(random.choice((1, 1, 2, 4, 30))):
        piece = "".join(random.choices(PIECES, k=random.choice((1, 1, 2, 3))))
        text += piece * random.choice((1, 1, 3, 50, 1 + random.randrange(25_000) // len(piece)))
        if len(text) > 60_000:
            break
    return text
