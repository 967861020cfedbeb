"""nbconvert's HTML exporter, without the two things that take most of a feedback page's time.

HTMLExporter parses the finished page once more, with BeautifulSoup, to give images a text and
JupyterLab's cells a tab index: 60 % of the time of a page (measured). The autograded notebook gives
its images their text itself, and the feedback template has none of those cells, so here that step
is left out. Cells that all students have in common are highlighted and rendered once a process.

Formulas are MathML (`mathml`) in place of MathJax from the network. Added is what a screen reader,
and eyes that are not young, miss in nbgrader's template: the language, a main region, links and
code that stand out enough (axe-core's serious findings).
"""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

from autograder.gradebook.mathml import mathml

ADDED = (
    ("<html>", '<html lang="en">'),
    ('<div class="container">', '<div class="container" role="main">'),
    (
        "</head>",
        """<style>
a { color: #1f5f99; text-decoration: underline; }
div.nbgrader_cell .panel-heading a { color: #fff; }
.highlight .c1, .highlight .c, .highlight .cm { color: #2f6363; }
.highlight .ow, .highlight .nd { color: #7a12c4; }
.highlight .ne, .highlight .err { color: #a82c26; }
</style>
</head>""",
    ),
)  # each stands once in nbgrader's template, before anything of a student's
MATHJAX = re.compile(r"\s*<!-- Load mathjax -->.*?<!-- End of mathjax configuration -->", re.DOTALL)
FORMULAS_S = 5.0  # a page's formulas may take so long; those that are left are shown as they were typed
REMEMBERED = 256  # cells; a notebook has some fifty


class FeedbackExporter(HTMLExporter):
    """Makes the same page as HTMLExporter does from an autograded notebook."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._highlight = lru_cache(REMEMBERED)(Highlight2HTML(pygments_lexer="ipython3", parent=self))
        self._rendered = lru_cache(REMEMBERED)(self._render)
        self._left_s = FORMULAS_S

    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """As HTMLExporter's, up to where it would parse the page again."""
        self._left_s = FORMULAS_S
        resources = self._init_resources(resources)
        widgets = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", widgets)
        self.register_filter("highlight_code", self._highlighted)
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kw)
        page = MATHJAX.sub("", page, count=1)
        for old, new in ADDED:
            page = page.replace(old, new, 1)
        return page, resources

    def _highlighted(self, source: str, language: str | None = None, metadata: object = None) -> str:
        return self._highlight(source, language)

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Rendered Markdown; remembered where no attachment belongs to it."""
        if context.get("cell", {}).get("attachments") or self._left_s <= 0:
            return str(HTMLExporter.markdown2html(self, context, source))
        start = time.monotonic()
        rendered = self._rendered(source)
        self._left_s -= time.monotonic() - start
        return rendered

    def _render(self, source: str) -> str:
        renderer = _Renderer(escape=False, anchor_link_text=self.anchor_link_text)
        return str(MarkdownWithMath(renderer=renderer).render(source))


class _Renderer(IPythonRenderer):  # type: ignore[misc]  # nbconvert has no types
    """nbconvert's, with formulas that need no script."""

    def block_math(self, body: str) -> str:
        return mathml(body, block=True) or str(super().block_math(body))

    def inline_math(self, body: str) -> str:
        return mathml(body, block=False) or str(super().inline_math(body))

    def latex_environment(self, name: str, body: str) -> str:
        formula = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return mathml(formula, block=True) or str(super().latex_environment(name, body))
