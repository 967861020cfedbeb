"""Notebooks, third part: outputs and texts that a teaching assistant's browser would run.

Every payload sets `data-attack-ran` on the page's root, by which a browser that ran it is found out.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.platform.attacks.answers import WRONG
from tests.platform.attacks.case import Case, Notebook, call, cell, edited

KLASS = "Notebooks"
RUN = "document.documentElement.setAttribute('data-attack-ran',1)"
_SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{RUN}\"><script>{RUN}</script></svg>"
_ENCODED_SVG = base64.b64encode(_SVG.encode()).decode()

_PAYLOADS = (
    f"<script>{RUN}</script>",
    f'<img src=x onerror="{RUN}">',
    f'<IMG/SRC=x/ONERROR="{RUN}">',
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<a href="javascript:{RUN}" id=a>x</a><script>a.click()</script>',
    f'<details open ontoggle="{RUN}">x</details>',
    f'<style onload="{RUN}"></style><link rel=stylesheet href=data:,x onload="{RUN}">',
    f'<object data="data:text/html;base64,{_ENCODED_SVG}"></object><embed src="data:image/svg+xml;base64,{_ENCODED_SVG}">',
    f'</pre></code></div><svg/onload="{RUN}">',
    f"<math><mtext><table><mglyph><style><img src onerror={RUN}>",
    f'<form action="javascript:{RUN}"><input type=submit autofocus onfocus="{RUN}"></form>',
    f'<meta http-equiv="refresh" content="0;url=javascript:{RUN}"><base href="javascript:{RUN}//">',
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    _SVG,
)

_MARKDOWN = (
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt&colon;{RUN})",
    f"[x](data:text/html;base64,{_ENCODED_SVG})",
    f'![x](x"onerror="{RUN})',
    f"![x](data:image/svg+xml;base64,{_ENCODED_SVG})",
    f"<javascript:{RUN}>",
    f"[x]: javascript:{RUN}\n\n[x]",
    f'```mermaid\ngraph TD\nA["<img src=x onerror={RUN}>"]\nclick A href "javascript:{RUN}"\n```',
    f"$\\href{{javascript:{RUN}}}{{x}}$ $\\style{{background:url(javascript:{RUN})}}{{x}}$ $\\require{{html}}$",
    f"<div markdown=1>\n\n<script>{RUN}</script>\n\n</div>",
    f"`` ` `` </code><script>{RUN}</script>",
    f"| a |\n|---|\n| <img src=x onerror={RUN}> |",
    f"<!-- --!><script>{RUN}</script> -->",
    f"\\<script>{RUN}\\</script> &lt;script&gt;{RUN}&lt;/script&gt;",
)

_MIMES = (
    "text/html", "image/svg+xml", "application/javascript", "text/markdown", "text/latex", "application/pdf",
    "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json", "application/x-evil", "image/gif",
)  # fmt: skip


def _outputs() -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    for payload in _PAYLOADS:
        outputs.append({"output_type": "display_data", "metadata": {}, "data": dict.fromkeys(_MIMES, payload)})
        outputs.append({"output_type": "stream", "name": "stderr", "text": payload})
        outputs.append({"output_type": "error", "ename": payload, "evalue": payload, "traceback": [payload]})
        image = {"image/png": f'AAAA" onerror="{RUN}', "image/jpeg": _ENCODED_SVG}
        outputs.append({"output_type": "execute_result", "execution_count": payload, "metadata": image, "data": image})
    return outputs


def _saved_outputs(notebook: Notebook) -> Notebook:
    outputs = _outputs()
    for number, one in enumerate(c for c in notebook["cells"] if c["cell_type"] == "code"):
        one["outputs"] = outputs[number::3]
        one["metadata"]["collapsed"] = f'"><script>{RUN}</script>'
    return notebook


def _markdown_cells(notebook: Notebook) -> Notebook:
    attachment = {"x.svg": {"image/svg+xml": _ENCODED_SVG}, f'"><script>{RUN}</script>': {"image/png": "AAAA"}}
    texts = (*_PAYLOADS, *_MARKDOWN, "![x](attachment:x.svg)")
    for number, text in enumerate(texts):
        one = {"cell_type": "markdown", "id": f"m{number}", "metadata": {}, "source": text, "attachments": attachment}
        notebook["cells"].append(one)
    written = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "written_why")
    written["source"] = "\n\n".join(texts)
    return notebook


def _other_cells(notebook: Notebook) -> Notebook:
    for number, text in enumerate((*_PAYLOADS, *_MARKDOWN)):
        notebook["cells"].append(
            {"cell_type": "raw", "id": f"r{number}", "metadata": {"format": "text/html"}, "source": text}
        )
        comment = {"cell_type": "code", "id": f"c{number}", "metadata": {}, "outputs": [], "source": f"r'''{text}'''"}
        notebook["cells"].append(comment)
    return notebook


def _fake_results(notebook: Notebook) -> Notebook:
    table = "<table><tr><td>affine</td><td>30 / 30</td><td>4 of 4 tests passed</td></tr></table>"
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            data = {"text/html": table, "text/plain": "affine: 30 of 30 points, 4 of 4 tests passed"}
            one["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
    return notebook


def _terminal() -> str:
    escape = "\\x1b[2J\\x1b]0;owned\\x07\\x1b[31m\\x9b31m\\r\\x08"
    return f"raise ValueError('{escape}' + 'attack')"


CASES: tuple[Case, ...] = (
    edited("active-outputs", "saved outputs of every kind that were never produced", _saved_outputs),
    edited("active-markdown", "Markdown with HTML, links, diagrams and attachments", _markdown_cells),
    edited("active-cells", "raw cells and code that look like HTML", _other_cells, ""),
    edited("fake-results", "saved tables that say: all passed", _fake_results),
    Case(
        "active-errors",
        "errors whose messages, types and titles are HTML",
        answers={
            "affine": f"raise type({json.dumps(_PAYLOADS[0])}, (Exception,), {{}})({json.dumps(_PAYLOADS[1])})\n",
            "total": f"raise SystemExit({json.dumps(_MARKDOWN[0] + _PAYLOADS[8])})\n",
            "weights": f"{WRONG['weights']}\nraise ValueError({json.dumps(' '.join(_MARKDOWN))})\n",
        },
        problem="ValueError",
        status="partial",
    ),
    call(
        "active-exception",
        "an exception in a call whose message is HTML",
        f"raise type({json.dumps(_PAYLOADS[1])}, (ValueError,), {{}})({json.dumps(_PAYLOADS[0])})",
    ),  # fmt: skip
    cell(
        "active-events",
        "opens files whose names are HTML",
        f"for text in {json.dumps([p.replace('/', '') for p in _PAYLOADS[:4]])}:\n    try:\n        open('/etc/' + text)\n"
        "    except OSError:\n        pass",
        "open /etc/",
    ),  # fmt: skip
    cell("terminal", "control sequences for the terminal in which grading runs", _terminal(), "ValueError"),
    cell("formula", "a formula for the spreadsheet", "raise ValueError('=cmd|\\' /C calc\\'!A0')", "ValueError"),
)
