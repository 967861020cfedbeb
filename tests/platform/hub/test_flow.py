"""The way of one assignment through the hub, in a real browser: fetched, worked on, handed in, graded, given back.

The tests of this file are steps, in order; each goes on where the last one ended.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page, expect

from autograder.course.servers import ServerProfile, ServersSettings
from autograder.hub.ending import VARIABLE
from tests.platform.accessibility import needs_browser
from tests.platform.hub.conftest import PATIENCE_MS, Hub, logged_in, shot

pytestmark = [pytest.mark.slow, needs_browser]
RIGHT = """def reparameterize(mu, logvar):
    return mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)"""
WRONG = """def kl_divergence(mu, logvar):
    return 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1)"""
expect.set_options(timeout=PATIENCE_MS)
COMMENT = "A good start; now say why."


def open_assignment_list(tab: Page) -> None:
    tab.get_by_role("menuitem", name="Nbgrader").click()
    tab.get_by_role("menuitem", name="Assignment List").click()
    expect(tab.locator("#released_assignments_list")).to_be_visible()


def answer(tab: Page, question: str, code: str) -> None:
    """Type it into the question's cell."""
    cell = tab.locator(".jp-CodeCell", has_text=f"def {question}(").first
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(code)


def in_the_dialog(tab: Page) -> str:
    """What formgrader's dialog says; it is closed."""
    dialog = tab.locator(".modal.in")
    expect(dialog.locator(".modal-body")).not_to_be_empty()
    text = dialog.inner_text()
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_have_count(0)
    return text


def test_a_student_fetches_works_validates_and_hands_in(hub: Hub, browser: Browser) -> None:
    with logged_in(browser, hub, "ada") as tab:
        open_assignment_list(tab)
        shot(tab, "1-assignments")
        tab.locator("#released_assignments_list .list_item", has_text="vae").get_by_role("button", name="Fetch").click()
        expect(tab.locator("#fetched_assignments_list")).to_contain_text("vae")

        tab.goto(f"{hub.address}user/ada/lab/tree/vae/vae.ipynb?reset")
        tab.wait_for_selector(".jp-Notebook .jp-CodeCell")
        expect(tab.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
        answer(tab, "reparameterize", RIGHT)
        answer(tab, "kl_divergence", WRONG)
        shot(tab, "2-work")
        tab.keyboard.press("Control+s")
        notebook = hub.folder / "home" / "ada" / "vae" / "vae.ipynb"
        tab.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
        assert RIGHT in ["".join(cell["source"]) for cell in json.loads(notebook.read_bytes())["cells"]]

        tab.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
        tab.keyboard.press("Escape")
        tab.keyboard.press("b")
        tab.keyboard.press("Enter")
        tab.keyboard.insert_text("%check_work")
        tab.keyboard.press("Control+Enter")
        checked = tab.locator(".jp-OutputArea", has_text="Hidden tests passed").last
        expect(checked.get_by_role("row", name=re.compile("^kl_divergence"))).to_contain_text("The sign is wrong")
        expect(checked.get_by_role("row", name=re.compile("^reparameterize"))).to_contain_text("All right.")
        checked.scroll_into_view_if_needed()
        shot(tab, "3-checked")

        expect(tab.get_by_text("Would you like to get notified")).to_have_count(0)
        expect(tab.get_by_text("Create Assignment")).to_have_count(0)
        open_assignment_list(tab)
        tab.locator("#fetched_assignments_list a.assignment-notebooks-link").click()
        tab.locator("#fetched_assignments_list").get_by_role("button", name="Validate").click()
        dialog = tab.locator(".jp-Dialog")
        dialog.wait_for()
        shot(tab, "4-validated")
        assert "kl" in dialog.inner_text()  # a public test of the wrong answer fails, and is named
        assert "reparameterize" not in dialog.inner_text()
        dialog.get_by_role("button").last.click()

        tab.locator("#fetched_assignments_list").get_by_role("button", name="Submit").click()
        expect(tab.locator("#submitted_assignments_list")).to_contain_text("vae")
        shot(tab, "5-handed-in")
    (handed_in,) = (hub.folder / "exchange" / "genai" / "inbound").glob("ada+vae+*")
    assert (handed_in / "vae.ipynb").read_bytes() == notebook.read_bytes()


def test_the_student_has_a_receipt(hub: Hub, browser: Browser) -> None:
    (handed_in,) = (hub.folder / "exchange" / "genai" / "inbound").glob("ada+vae+*")
    digest = hashlib.sha256((handed_in / "vae.ipynb").read_bytes()).hexdigest()
    with logged_in(browser, hub, "ada") as tab:
        tab.goto(f"{hub.address}services/work/")
        work = tab.get_by_role("region", name=re.compile("^Variational autoencoders"))
        expect(work).to_contain_text("12 February 2027, 23:59 UTC+01:00")
        expect(work).to_contain_text("9 of 10 left")
        shot(tab, "11-my-work")
        work.locator("a[href*=receipt]").click()
        expect(tab.get_by_role("row", name=re.compile("^vae.ipynb"))).to_contain_text(digest)
    with logged_in(browser, hub, "aiko") as tab:
        assert (
            tab.context.request.get(tab.url.split("user")[0] + f"services/work/receipt/vae/{handed_in.name}").status
            == 404
        )


def test_staff_collect_grade_look_and_give_back(hub: Hub, browser: Browser) -> None:
    with logged_in(browser, hub, "instructor") as tab:
        tab.goto(f"{hub.formgrader}/manage_assignments")
        shot(tab, "6-formgrader")
        tab.locator("tr", has_text="vae").locator(".collect a").click()
        assert "Successfully collected" in in_the_dialog(tab)
        tab.locator("tr", has_text="vae").locator(".num-submissions a").click()
        tab.locator("tr", has_text="ada").locator(".autograde a").click()
        said = in_the_dialog(tab)
        by_tests = re.search(r"ada: graded, ([\d.]+) of 90 points", said)
        assert by_tests
        assert re.search(r"reparameterize +12/12", said)

        tab.goto(f"{hub.formgrader}/gradebook/vae/vae")
        tab.locator("td a", has_text="Submission").first.click()
        tests = tab.locator("table", has_text="Moving mu by some amount").first
        expect(tests).to_be_visible()
        tests.scroll_into_view_if_needed()
        shot(tab, "7-tests")
        score, comment = tab.locator("input.score").last, tab.locator("textarea.comment").last
        score.fill("7")
        score.press("Tab")
        comment.fill(COMMENT)
        comment.press("Tab")
        expect(tab.locator(".save-icon, .glyphicon-ok").first).to_be_attached()
        shot(tab, "8-by-hand")

        tab.goto(f"{hub.formgrader}/manage_submissions/vae")
        tab.locator("tr", has_text="ada").locator(".generate-feedback a").click()
        assert "Successfully generated" in in_the_dialog(tab)
        tab.locator("tr", has_text="ada").locator(".release-feedback a").click()
        assert "Successfully released" in in_the_dialog(tab)
    with Gradebook(f"sqlite:///{hub.folder / 'class' / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission("vae", "ada").score == float(by_tests[1]) + 7


def test_the_student_reads_the_feedback(hub: Hub, browser: Browser) -> None:
    with logged_in(browser, hub, "ada") as tab:
        open_assignment_list(tab)
        tab.get_by_role("button", name="Fetch Feedback").click()
        expect(tab.locator("#submitted_assignments_list")).to_contain_text("view feedback")
        shot(tab, "9-feedback-is-there")
    (page,) = (hub.folder / "home" / "ada" / "vae" / "feedback").glob("*/vae.html")
    text = page.read_text()
    assert COMMENT in text
    assert "The sign is wrong" in text


@pytest.mark.parametrize(
    "path", ["services/genai/formgrader", "services/genai/lab", "user/instructor/lab", "hub/admin"]
)
def test_a_student_does_not_get_into_what_is_of_staff(hub: Hub, browser: Browser, path: str) -> None:
    with logged_in(browser, hub, "ada") as tab:
        response = tab.goto(hub.address + path)
        assert response is not None
        assert response.status in (403, 404)


def test_staff_find_the_queue_at_the_hub_and_settle_under_their_own_name(hub: Hub, browser: Browser) -> None:
    with logged_in(browser, hub, "instructor") as tab:
        tab.goto(f"{hub.address}services/staff/queue/vae?grader=*")
        expect(tab.get_by_role("heading", level=1)).to_contain_text("what needs a person")
        assert "signed in as instructor" in tab.content()
        shot(tab, "10-queue")
        tab.goto(f"{hub.address}services/staff/queue/vae")
        tab.get_by_label("Student", exact=True).fill("ada")
        tab.get_by_label("What the student objects to").fill("Look again.")
        tab.get_by_role("button", name="Enter").click()
        expect(tab.get_by_role("status")).to_contain_text("Entered: ada")
        tab.get_by_role("link", name=re.compile("^appeal .* of ada")).click()
        tab.get_by_label("What you found or did").fill("Looked.")
        tab.get_by_role("button", name=re.compile("^Settled")).click()
        expect(tab.get_by_role("status")).to_contain_text("Settled: appeal of ada")
        tab.goto(f"{hub.address}services/staff/student/vae/ada")
        formgrader = tab.get_by_role("link", name="Grade by hand in formgrader").get_attribute("href")
        assert formgrader is not None
        assert formgrader.startswith(f"{hub.formgrader}/submissions/")


def test_the_queue_is_closed_to_students_and_strangers(hub: Hub, browser: Browser) -> None:
    paths = ["", "queue/vae", "next/vae", "student/vae/ada", "report/vae/index.html", "matter/vae/ada?kind=written",
             "nowhere"]  # fmt: skip
    forms = ["settle/vae/ada?kind=appeal", "mark/vae/ada?cell=x", "appeal/vae"]
    with logged_in(browser, hub, "ada") as tab:
        asking = tab.context.request
        for path in paths:
            assert asking.get(f"{hub.address}services/staff/{path}").status == 403, path
        for path in forms:
            assert asking.post(f"{hub.address}services/staff/{path}").status == 403, path
    stranger = browser.new_context().request
    for path in paths:
        assert "/hub/login" in stranger.get(f"{hub.address}services/staff/{path}").url, path
    for path in forms:
        assert stranger.post(f"{hub.address}services/staff/{path}").status == 403, path
    for token in ("made-up", ""):
        header = {"Authorization": f"token {token}"}
        assert "ada" not in stranger.get(f"{hub.address}services/staff/queue/vae", headers=header).text()


def test_students_work_is_closed_to_whoever_has_no_right_token(hub: Hub, browser: Browser) -> None:
    """One that is made up, one of a student that may do something else, none at all."""
    pages = {"": None, "check/x": None, "receipt/vae/x": None, "nowhere": None, "ask/vae": b"{}"}
    for_programs = {"api/work": None, "api/check/x": None, "api/ask/vae": b"{}", "api/exchange": None,
                    "api/exchange/vae": b"{}", "api/exchange/vae/x/y": None}  # fmt: skip
    with logged_in(browser, hub, "ada") as tab:
        weak = _token(tab, hub, "ada", ["read:users!user=ada"])
        right = _token(tab, hub, "ada", ["access:services!service=work"])
    for token in (weak, "made-up", ""):
        for path, body in {**pages, **for_programs}.items():
            status, address, text = _ask(f"{hub.address}services/work/{path}", body, token)
            assert status == 403 or "/hub/login" in address or "/hub/api/oauth2" in address, (path, token)
            assert "Variational" not in text
    status, _, text = _ask(f"{hub.address}services/work/api/work", None, right)
    assert (status, json.loads(text)["student"]) == (200, "ada")
    assert _ask(f"{hub.address}services/staff/", None, right)[0] == 403


def test_nbgraders_commands_work_where_no_folder_is_shared(hub: Hub, browser: Browser, tmp_path: Path) -> None:
    """As in a container: nbgrader reaches the exchange through the hub's service alone, with a server's rights."""
    plugins = {"list": "HubList", "fetch_assignment": "HubFetchAssignment", "submit": "HubSubmit",
               "fetch_feedback": "HubFetchFeedback"}  # fmt: skip
    settings = [f"c.ExchangeFactory.{trait} = 'autograder.in_exchange.{name}'" for trait, name in plugins.items()]
    (tmp_path / "nbgrader_config.py").write_text("\n".join(["c.CourseDirectory.course_id = 'genai'", *settings]))
    with logged_in(browser, hub, "ada") as tab:
        token = _token(tab, hub, "ada", ["access:services!service=work"])
    address = f"{hub.address}services/work/"
    environment = {**os.environ, "AUTOGRADER_WORK_URL": address, "JUPYTERHUB_API_TOKEN": token, "HOME": str(tmp_path)}

    def nbgrader(*words: str) -> str:
        command = [str(Path(sys.executable).with_name("nbgrader")), *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    assert "genai gan" in nbgrader("list")
    nbgrader("fetch_assignment", "gan")
    notebook = tmp_path / "gan" / "gan.ipynb"
    assert "sha256 " + hashlib.sha256(notebook.read_bytes()).hexdigest() in nbgrader("submit", "gan")
    (folder,) = (hub.folder / "exchange" / "genai" / "inbound").glob("ada+gan+*")
    assert (folder / "gan.ipynb").read_bytes() == notebook.read_bytes()
    assert "genai ada gan" in nbgrader("list", "--inbound")
    nbgrader("fetch_feedback", "vae")  # released in a step above
    (page,) = (tmp_path / "vae" / "feedback").glob("*/vae.html")
    assert COMMENT in page.read_text()


def _token(tab: Page, hub: Hub, name: str, scopes: list[str]) -> str:
    """A token that somebody makes at the hub for a program of their own."""
    tab.goto(f"{hub.address}hub/token")
    tab.fill("#token-note", "test")
    tab.fill("#token-scopes", " ".join(scopes))
    tab.get_by_role("button", name="Request new API token").click()
    made = tab.locator("#token-result")
    expect(made).not_to_be_empty()
    return made.inner_text().strip()


def _ask(address: str, body: bytes | None, token: str) -> tuple[int, str, str]:
    """Status, the address in the end, and the text."""
    headers = {"Authorization": f"token {token}"} if token else {}
    try:
        response = urllib.request.urlopen(urllib.request.Request(address, body, headers), timeout=60)
    except urllib.error.HTTPError as error:
        response = error
    with response:
        return response.status, response.url, response.read().decode(errors="replace")


def test_a_server_whose_hours_are_over_is_ended(hub: Hub, browser: Browser) -> None:
    """The hub's own culler has the rights for it; here another one runs with the same rights, and shorter hours."""
    with logged_in(browser, hub, "amina") as tab:
        running = next(one for one in _processes_of(hub.folder) if b"jupyterhub-idle-culler" in _read(one / "cmdline"))
        command = [part.decode() for part in _read(running / "cmdline").split(b"\0") if part]
        command = [part for part in command if not part.startswith("--cull-every")]
        pairs = (line.decode().split("=", 1) for line in _read(running / "environ").split(b"\0") if line)
        short = ServersSettings(profile=(ServerProfile(name="cpu", title="Short", hours=1 / 3600),))
        environment = dict(pairs) | {VARIABLE: short.model_dump_json()}
        assert _is_running(hub, tab), "the server did not even start"
        with subprocess.Popen([*command, "--cull-every=2"], env=environment) as culler:
            try:
                for _ in range(30):
                    if not _is_running(hub, tab):
                        break
                    tab.wait_for_timeout(1000)
                assert not _is_running(hub, tab)
            finally:
                culler.terminate()


def test_nobody_gets_in_without_the_password(hub: Hub, browser: Browser) -> None:
    tab = browser.new_page()
    tab.goto(hub.address)
    tab.fill("#username_input", "instructor")
    tab.fill("#password_input", "guess")
    tab.click("#login_submit")
    expect(tab.get_by_text("Invalid username or password")).to_be_visible()
    tab.goto(f"{hub.formgrader}/manage_assignments")
    assert "/hub/login" in tab.url


def test_settings_with_the_password_are_for_their_owner_alone(hub: Hub) -> None:
    assert (hub.folder / "hub" / "settings.json").stat().st_mode & 0o077 == 0


def test_ctrl_c_ends_everything(hub: Hub) -> None:
    """The last step: servers, services, kernels and the proxy are gone."""
    assert _processes_of(hub.folder)
    hub.process.send_signal(signal.SIGINT)
    assert hub.process.wait(90) == 0
    assert _processes_of(hub.folder) == []


def _is_running(hub: Hub, tab: Page) -> bool:
    """Whether the hub says that the person has a server."""
    tab.goto(f"{hub.address}hub/home")
    return tab.get_by_text("Stop My Server").is_visible()


def _processes_of(folder: Path) -> list[Path]:
    """Of /proc, those that work below the folder."""
    return [
        process for process in Path("/proc").glob("[0-9]*")
        if _working_folder(process).is_relative_to(folder) and _read(process / "cmdline")
    ]  # fmt: skip


def _working_folder(process: Path) -> Path:
    """The root where it has just gone: no hub works there."""
    try:
        return (process / "cwd").readlink()
    except OSError:
        return Path("/")


def _read(path: Path) -> bytes:
    """Nothing where the process has just gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
