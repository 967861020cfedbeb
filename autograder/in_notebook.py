"""`%check_work` and `%my_work` in a student's notebook: an extension of IPython, which the hub's kernel loads.

One file that needs the standard library and IPython alone, so that it can be put into any image for students. It sends
the saved notebook to the hub's service with the token of the student's own server, and shows what comes back; the
service knows from the token who it is.

Environment: JUPYTERHUB_API_TOKEN, of JupyterHub; AUTOGRADER_WORK_URL, where the service is, of the hub's configuration;
JPY_SESSION_NAME, of Jupyter, is the notebook.
"""

from __future__ import annotations

import html
import inspect
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import FunctionType
from typing import Any
from urllib.parse import quote

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, DisplayHandle, display

ASK_EVERY_S = (0.5, 2.0)  # at first, and later
ANSWERS_WITHIN_S = 30.0
PATIENCE_S = 1800.0


class NotPossible(Exception):
    """What cannot be done, in words for the student."""


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What IPython calls."""
    shell.magics_manager.register_function(lambda line: _told(check_work, line, shell), magic_name="check_work")
    shell.magics_manager.register_function(lambda line: _told(my_work, line, shell), magic_name="my_work")


def check_work(line: str, shell: InteractiveShell) -> None:
    """Have the saved notebook tried by the hidden tests. `%check_work other.ipynb` takes another file."""
    path = _notebook(line)
    try:
        content = path.read_bytes()
        age = max(0.0, time.time() - path.stat().st_mtime)
    except OSError as error:
        raise NotPossible(f"{path} cannot be read: {error.strerror}.") from None
    note = f"{path.name} as saved {_ago(age)}"
    if unsaved := _not_saved(content, shell.user_ns):
        note += f"; what you ran last of {', '.join(unsaved)} is not what is saved: press Ctrl-S and check again"
    shown = display(HTML(f"<p>Checking {html.escape(note)} …</p>"), display_id=True)
    assert shown is not None
    asked = ask(f"ask/{quote(path.stem, safe='')}", content)
    answer = _wait(asked, note, shown)
    shown.update(_Shown(_as_html(answer, note), _as_text(answer, note)))


def my_work(line: str, shell: InteractiveShell) -> None:
    """Deadlines, what was received, and how many checks are left."""
    work = ask("work")["assignments"]
    rows, lines = [], []
    for one in work:
        due = "not to be handed in" if one["excused"] else f"due {_moment(one['due'])}"
        due += " (your own deadline)" if one["due"] != one["usual_due"] and not one["excused"] else ""
        latest = one["received"][0] if one["received"] else None
        got = f"received {_moment(latest['at'])}" if latest else "nothing received yet"
        hashes = [f"{file['name']} {file['sha256'] or file['problem']}" for file in latest["files"]] if latest else []
        left = f"{one['checks_left']} checks left"
        lines += [f"{one['name']}: {due}; {got}; {left}", *(f"    sha256 {text}" for text in hashes)]
        cells = (one["title"], due, "<br>".join(html.escape(text) for text in (got, *hashes)), left)
        rows.append((html.escape(cells[0]), html.escape(cells[1]), cells[2], html.escape(cells[3])))
    display(_Shown(_table(("Assignment", "Due", "Received", "Checks"), rows), "\n".join(lines)))


def _told(work: Callable[[str, InteractiveShell], None], line: str, shell: InteractiveShell) -> None:
    """Without a traceback where something is not possible."""
    try:
        work(line, shell)
    except NotPossible as error:
        print(error)


def _notebook(line: str) -> Path:
    named = line.strip().strip("\"'")
    path = Path(named or os.environ.get("JPY_SESSION_NAME", ""))
    if path.suffix != ".ipynb" or not path.is_file():
        raise NotPossible(f"Which notebook? Write %check_work my-assignment.ipynb ({path} is none).")
    return path


def _wait(asked: dict[str, Any], note: str, shown: DisplayHandle) -> dict[str, Any]:
    """Until there is an answer; the place in the queue is shown meanwhile."""
    begun, said = time.monotonic(), ""
    pause, slowest = ASK_EVERY_S
    while asked["state"] != "done":
        if time.monotonic() - begun > PATIENCE_S:
            raise NotPossible("No answer yet; it stays in the queue. Look at My work at the hub later.")
        words = f"In the queue, {asked['ahead']} before you" if asked["ahead"] else "Being checked"
        if words != said:
            said = words
            shown.update(HTML(f"<p>{html.escape(note)}. {words} …</p>"))
        time.sleep(pause)
        pause = min(slowest, pause * 1.3)
        asked = ask(f"check/{asked['check']}")
    return asked


def ask(path: str, body: bytes | None = None) -> dict[str, Any]:
    """One request to the service.

    Raises:
        NotPossible: it refuses, or cannot be reached.
    """
    root, token = os.environ.get("AUTOGRADER_WORK_URL"), os.environ.get("JUPYTERHUB_API_TOKEN")
    if not root or not token:
        raise NotPossible("This works in a notebook at the course's hub alone.")
    request = urllib.request.Request(f"{root}api/{path}", body, {"Authorization": f"token {token}"})
    try:
        with urllib.request.urlopen(request, timeout=ANSWERS_WITHIN_S) as response:
            return dict(json.load(response))
    except urllib.error.HTTPError as error:
        raise NotPossible(_refusal(error)) from None
    except (OSError, ValueError) as error:
        raise NotPossible(f"The hub's service does not answer ({error}). Nothing is lost; try again later.") from None


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        said = json.load(error)
        return str(said["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"The hub's service refuses: {error.code} {error.reason}."


def _not_saved(content: bytes, names: Mapping[str, Any]) -> list[str]:
    """Functions and classes whose text, as it ran last, is in no saved cell."""
    try:
        cells = json.loads(content)["cells"]
        saved = "\n".join("".join(cell["source"]) for cell in cells)
    except (ValueError, KeyError, TypeError):
        return []  # the service says what is wrong with the file
    found = []
    for name, value in list(names.items()):
        if isinstance(value, FunctionType | type) and getattr(value, "__module__", "") == "__main__":
            try:
                text = inspect.getsource(value).strip()
            except (OSError, TypeError):
                continue
            if text not in saved and not name.startswith("_"):
                found.append(name)
    return found


class _Shown:
    """HTML, and text where there is none."""

    def __init__(self, page: str, text: str) -> None:
        self._page, self._text = page, text

    def _repr_html_(self) -> str:
        return self._page

    def __repr__(self) -> str:
        return self._text


def _as_text(asked: Mapping[str, Any], note: str) -> str:
    answer = asked["answer"]
    lines = [f"{note}:", *(f"! {problem}" for problem in answer["problems"])]
    for question in answer["questions"]:
        lines.append(f"{question['passed']:3} of {question['tests']:3}  {question['name']}")
        lines += [f"              {hint}" for hint in question["hints"]]
    return "\n".join([*lines, _left(asked)])


def _as_html(asked: Mapping[str, Any], note: str) -> str:
    """All of it is text: nothing of what the service sends is taken for HTML."""
    answer = asked["answer"]
    rows = []
    for question in answer["questions"]:
        passed, tests = question["passed"], question["tests"]
        hints = "".join(f"<li>{html.escape(hint)}</li>" for hint in question["hints"])
        more = f"<li>and {question['more_hints']} more</li>" if question["more_hints"] else ""
        look = "All right." if passed == tests and tests else f"<ul style='margin: 0'>{hints}{more}</ul>"
        if question["carried_forward"]:
            others = html.escape(", ".join(question["carried_forward"]))
            look += f"<small>Tried with a right {others} where yours is not right yet.</small>"
        share = 100 * passed / tests if tests else 0
        bar = f"<progress value='{share:.0f}' max='100' style='width: 6em' aria-hidden='true'></progress>"
        rows.append(
            (
                f"<code>{html.escape(question['name'])}</code>",
                f"<span style='white-space: nowrap'>{bar} {passed} of {tests}</span>",
                look,
            )
        )
    problems = "".join(f"<li>{html.escape(problem)}</li>" for problem in answer["problems"])
    top = f"<ul>{problems}</ul>" if problems else ""
    table = _table(("Question", "Hidden tests passed", "What to look at"), rows) if rows else ""
    return f"<p><b>{html.escape(note)}</b></p>{top}{table}<p>{html.escape(_left(asked))}</p>"


def _left(asked: Mapping[str, Any]) -> str:
    opens = asked.get("next_check")
    when = f", the next one from {_moment(opens)} on" if opens and asked["checks_left"] else ""
    return f"Nothing was handed in by this. Checks left: {asked['checks_left']}{when}."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML."""
    left = "style='text-align: left; vertical-align: top'"
    top = "".join(f"<th scope='col' {left}>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td {left}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _moment(text: str) -> str:
    """In the time zone of the student's machine."""
    return f"{datetime.fromisoformat(text).astimezone():%d %B %Y, %H:%M %Z}"


def _ago(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 5400 else f"{seconds / 3600:.0f} h ago"
