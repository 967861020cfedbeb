r"""Make Markdown that a student wrote harmless, and leave it Markdown.

formgrader and the feedback pages render Markdown cells with nbconvert, which passes raw HTML,
`javascript:` links and mermaid diagrams straight to the browser of whoever grades. Cleaning HTML
before a Markdown renderer runs does not help, since the renderer makes new HTML; so the source is
changed such that no renderer can make anything active of it, and then what nbconvert makes of it
is looked at.

Covered: raw HTML (`<` never starts a tag, save a few bare ones such as <br>), links and images of
active or local schemes however written, mermaid, attachments that do not exist (nbconvert would
stop), and the MathJax commands that make links or styles. What still looks active afterwards is
shown as it was typed.
Images that are not attached to the cell become links. Not covered: what the text says.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import unquote

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LONGEST = 20_000
_BARE_TAGS = "br|hr|b|i|u|em|strong|sub|sup|kbd|s"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_TAG_START = re.compile(rf"<(?=[A-Za-z/!?])(?!/?(?:{_BARE_TAGS})[ ]?/?>)(?!https?://[^\s<>\"']*>)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp;)*(#x?[0-9a-f]{1,8};?|[a-z][a-z0-9]{1,30};)", re.IGNORECASE)
_ACTIVE_SCHEME = re.compile(r"(javascript|vbscript|livescript)\\*:", re.IGNORECASE)
_LOCAL_SCHEME = re.compile(r"\b(data|file|blob|filesystem|view-source)\\*:(?=\S)", re.IGNORECASE)
# A run of marks is only looked at from its start: from each of its marks, a long one would cost its length squared.
_MERMAID = re.compile(r"((?:(?<!`)`{3,}|(?<!~)~{3,})[ \t]*)mermaid", re.IGNORECASE)
_IMAGE = re.compile(r"!(?=\[)(?!\[[^\]\n]*\]\(attachment:attachment-\d)")
_TEX = re.compile(
    r"(?<!\\)\\+(?=(?:href|url|require|style|class|cssId|mmlToken|bbox|unicode|includegraphics|texttip|mathtip|Tip|html\w*)(?![A-Za-z]))"
)
_ATTACHMENT = re.compile(r"attachment\\*:([^\s)>\]\"']*)", re.IGNORECASE)


def neutral_markdown(source: str, attachments: Mapping[str, str] | None = None) -> str:
    """`source` with everything active taken out.

    Args:
        source: Markdown of a student, at most `LONGEST` characters of which are kept.
        attachments: name in the source -> name in the cell, of the attachments that may be shown.
    """
    text, cut = source[:LONGEST], len(source) > LONGEST
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _ENTITY.sub(_plain_entity, text)
    text = _MERMAID.sub(r"\1text", text)
    text = _TAG_START.sub("< ", text)
    text = _LOCAL_SCHEME.sub(r"\1 :", _ACTIVE_SCHEME.sub(r"\1 :", text))
    text = _TEX.sub("", text)
    text = _ATTACHMENT.sub(lambda match: _attachment(match[1], attachments or {}), text)
    text = _IMAGE.sub("", text)
    text += "\n\n*(The rest of this cell was too long and was left out.)*" if cut else ""
    return text if _renders_harmless(text, attachments or {}) else verbatim(text)


def verbatim(text: str) -> str:
    """Markdown that shows `text` as it was typed."""
    text = _CONTROL.sub("", text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n"))
    fence = "`" * max(3, max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    return f"{fence}text\n{text}\n{fence}"


def neutral_tex(text: str) -> str:
    """`text` without the MathJax commands that make links or styles; not escaped for HTML."""
    return _TEX.sub("", _CONTROL.sub("", text))


def _plain_entity(match: re.Match[str]) -> str:
    """An HTML entity that stands for an ASCII letter, digit or mark of a URL is written out.

    `javascript&colon;` and `&#106;avascript:` would otherwise become a scheme later. `&lt;` and
    `&amp;` stay as they are.
    """
    character = html.unescape(f"&{match[1]}" if match[1].endswith(";") else f"&{match[1]};")
    if len(character) == 1 and character.isascii() and character not in "<>&\"'" and character.isprintable():
        return character
    return "" if character.isascii() and not character.isprintable() else match[0]


def _attachment(written: str, names: Mapping[str, str]) -> str:
    name = names.get(unquote(written)) or names.get(written)
    return f"attachment:{name}" if name else "missing-attachment"


class _Inspector(HTMLParser):
    """Looks through rendered HTML for anything that a browser would run or fetch by itself."""

    TAGS = frozenset(
        {"a", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "input"}
        | {"b", "i", "kbd", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "u", "ul", "section"}
        | {"table", "tbody", "td", "th", "thead", "tr"}
    )
    ATTRIBUTES = frozenset(
        {"alt", "class", "id", "href", "src", "title", "start", "style", "type", "disabled", "checked"}
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harmless = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: (value or "").strip().lower() for name, value in attrs}
        self.harmless &= tag in self.TAGS and values.keys() <= self.ATTRIBUTES
        self.harmless &= _allowed_link(values.get("href", "")) and _allowed_image(values.get("src", ""))
        self.harmless &= bool(re.fullmatch(r"(text-align: ?(left|right|center);?)?", values.get("style", "")))
        self.harmless &= "mermaid" not in values.get("class", "")

    def handle_decl(self, decl: str) -> None:
        self.harmless = False

    def handle_pi(self, data: str) -> None:
        self.harmless = False

    def unknown_decl(self, data: str) -> None:
        self.harmless = False

    def handle_comment(self, data: str) -> None:
        self.harmless = False


def _allowed_link(url: str) -> bool:
    scheme = re.match(r"[a-z][a-z0-9+.-]*:", url)
    return scheme is None or scheme[0] in {"http:", "https:", "mailto:"}


def _allowed_image(url: str) -> bool:
    return not url or url.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))


def _renders_harmless(text: str, attachments: Mapping[str, str]) -> bool:
    shown = {name: {"image/png": "AAAA"} for name in attachments.values()}
    try:
        rendered = MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=shown)).render(text)
    except Exception:  # whatever a hostile text does to the renderer: it is then not rendered
        return False
    inspector = _Inspector()
    inspector.feed(rendered)
    inspector.close()
    return inspector.harmless
