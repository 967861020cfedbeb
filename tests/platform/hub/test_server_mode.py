"""The hub with real accounts: a student at a terminal of JupyterLab tries what is not a student's.

The tests of this file are steps, in order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.platform.accessibility import needs_browser
from tests.platform.hub.conftest import PATIENCE_MS, SIZE
from tests.platform.hub.own_machine import PASSWORDS, ROOT, Machine, cannot, own_machine
from tests.platform.hub.test_flow import in_the_dialog

pytestmark = [
    pytest.mark.slow,
    needs_browser,
    pytest.mark.skipif(cannot() != "", reason=cannot()),
]
CLASS, EXCHANGE = "/srv/genai/class", "/srv/genai/exchange/genai"
# Each is a line of Python that a student may try; what it gives must not come.
ATTEMPTS = {
    "hidden tests": f"os.listdir('{ROOT}/tests/hidden')",
    "a hidden test whose name is known": f"open('{ROOT}/tests/hidden/vae/test_reparameterize.py').read()",
    "the reference": f"open('{ROOT}/reference/vae.py').read()",
    "the reference as a module": "__import__('reference.vae').vae.reparameterize",
    "master notebooks": f"open('{ROOT}/assignments/vae/vae.md').read()",
    "version control": f"open('{ROOT}/.git/HEAD').read()",
    "the class": f"os.listdir('{CLASS}')",
    "the gradebook": f"open('{CLASS}/gradebook.db', 'rb').read(9)",
    "a collected submission": f"open('{CLASS}/submitted/ada/vae/vae.ipynb').read()",
    "the master notebook of nbgrader": f"open('{CLASS}/.autograder/source/vae/vae.ipynb').read()",
    "another's home": "os.listdir('/home/ada')",
    "another's notebook": "open('/home/ada/vae/vae.ipynb').read()",
    "what others handed in": f"os.listdir('{EXCHANGE}/inbound')",
    "the hub's state": "os.listdir('/srv/genai/hub')",
    "the hub's tokens": "[open(f'/proc/{p}/environ').read() for p in os.listdir('/proc') if p.isdigit() and "
    "os.stat(f'/proc/{p}').st_uid != os.getuid()]",
    "another's server": "urllib.request.urlopen(hub + 'user/ada/api/contents', timeout=20).read()",
    "formgrader": "ask('services/genai/formgrader')",
    "the queue": "ask('services/staff/')",
    "the list of people": "ask('hub/api/users')",
    "to change the grader": f"open('{ROOT}/autograder/results.py', 'a')",
    "to change a package": f"open('{ROOT}/.venv/injected.pth', 'w')",
    "to change the kernel": "open('/srv/genai/jupyter/kernels/python3/kernel.json', 'w')",
    "to change what is handed out": f"open('{EXCHANGE}/outbound/vae/vae.ipynb', 'w')",
    "to take the course away": f"os.rename('{EXCHANGE}', '/srv/genai/exchange/gone')",
    "to be the grader": "os.setuid(pwd.getpwnam('genai-grader').pw_uid)",
}
PROGRAM = """import json, os, pwd, sys, urllib.request
hub = os.environ["AUTOGRADER_WORK_URL"].split("services/")[0]
def ask(path):
    token = {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}
    return urllib.request.urlopen(urllib.request.Request(hub + path, headers=token), timeout=20).read()
got = {}
for name, line in json.load(open("attempts.json")).items():
    try:
        got[name] = "GOT " + repr(eval(line))[:200]
    except BaseException as error:
        got[name] = f"{type(error).__name__}: {error}"
json.dump(got, open("got.json", "w"))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with own_machine(tmp_path_factory.mktemp("machine")) as machine:
        yield machine


@pytest.fixture(scope="module")
def address(machine: Machine) -> str:
    found = re.search(r"http://\S+/", machine.said)
    assert found
    return found[0]


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    yield tab
    context.close()


def log_in(tab: Page, address: str, name: str) -> None:
    tab.goto(address)
    tab.fill("#username_input", name)
    tab.fill("#password_input", PASSWORDS[name])
    tab.click("#login_submit")
    tab.wait_for_selector("#jp-MainMenu")


def in_terminal(tab: Page, machine: Machine, name: str, command: str) -> str:
    """What a command says that is typed into a terminal of JupyterLab."""
    said, done = machine.path(f"/home/{name}/said.txt"), machine.path(f"/home/{name}/done.txt")
    done.unlink(missing_ok=True)
    tab.goto(f"{tab.url.split('/lab')[0]}/lab?reset")
    tab.locator(".jp-LauncherCard", has_text="Terminal").click()
    tab.locator(".jp-Terminal .xterm-helper-textarea").last.wait_for(state="attached")
    tab.wait_for_timeout(2000)  # the shell's prompt
    tab.locator(".jp-Terminal .xterm").last.click()
    tab.keyboard.type(f"cd; ({command}) > said.txt 2>&1; echo > done.txt\n")
    for _ in range(PATIENCE_MS // 500):
        if done.exists():
            return said.read_text()
        tab.wait_for_timeout(500)
    raise AssertionError(f"no end of {command!r}; so far: {said.read_text() if said.exists() else 'nothing'}")


def test_it_says_what_it_closes_and_for_whom(machine: Machine) -> None:
    assert "1 staff, 2 students" in machine.said
    for part in ("assignments", "reference", "tests", ".git"):
        assert machine.path(f"{ROOT}/{part}").stat().st_mode & 0o007 == 0, part


def test_a_student_fetches_and_hands_in_from_a_terminal(machine: Machine, address: str, tab: Page) -> None:
    log_in(tab, address, "ada")
    said = in_terminal(tab, machine, "ada", "nbgrader fetch_assignment vae && nbgrader submit vae")
    assert "Submitted as: genai vae" in said
    (handed_in,) = machine.path(f"{EXCHANGE}/inbound").glob("ada+vae+*")
    assert handed_in.stat().st_uid == machine.path("/home/ada").stat().st_uid
    tab.goto(f"{address}services/work/")
    expect(tab.get_by_role("region", name=re.compile("^Variational"))).to_contain_text("(the latest counts)")


def test_another_student_gets_nothing_that_is_not_theirs(machine: Machine, address: str, tab: Page) -> None:
    home = machine.path("/home/bo")
    (home / "attempts.json").write_text(json.dumps(ATTEMPTS))
    (home / "attempts.py").write_text(PROGRAM)
    log_in(tab, address, "bo")
    said = in_terminal(tab, machine, "bo", "python attempts.py")
    assert (home / "got.json").exists(), said
    got = json.loads((home / "got.json").read_text())
    assert set(got) == set(ATTEMPTS)
    assert {name: value for name, value in got.items() if value.startswith("GOT")} == {}
    unusual = {
        name: value
        for name, value in got.items()
        if not value.startswith(("PermissionError", "HTTPError: HTTP Error 403", "ModuleNotFoundError"))
    }
    assert unusual == {}


def test_what_students_may_do_they_can(machine: Machine) -> None:
    """So that the attempts above do not fail for a reason of their own."""
    assert (
        machine.run_as("bo", str(ROOT / ".venv" / "bin" / "python"), "-c", "import autograder, torch").returncode == 0
    )
    assert machine.run_as("genai-grader", "ls", f"{ROOT}/tests/hidden", CLASS).returncode == 0


def test_a_hand_in_under_another_name_is_refused(machine: Machine, address: str, tab: Page) -> None:
    log_in(tab, address, "bo")
    forged = "nbgrader fetch_assignment vae; echo forged >> vae/vae.ipynb; nbgrader submit vae --student=ada"
    in_terminal(tab, machine, "bo", forged)
    inbound = machine.path(f"{EXCHANGE}/inbound")
    assert len(list(inbound.glob("ada+vae+*"))) == 2  # nbgrader itself has no objection
    tab.goto(f"{address}services/work/")
    expect(tab.get_by_role("region", name=re.compile("^Variational"))).to_contain_text("nothing yet")


def test_staff_collect_and_grade_what_is_adas_own(machine: Machine, address: str, tab: Page) -> None:
    log_in(tab, address, "maria")
    tab.goto(f"{address}services/genai/formgrader/manage_assignments")
    tab.locator("tr", has_text="vae").locator(".collect a").click()
    assert "belongs to bo" in in_the_dialog(tab)
    notebook = machine.path(f"{CLASS}/submitted/ada/vae/vae.ipynb")
    assert "forged" not in notebook.read_text()
    assert not machine.path(f"{CLASS}/submitted/bo").exists()
    tab.locator("tr", has_text="vae").locator(".num-submissions a").click()
    tab.locator("tr", has_text="ada").locator(".autograde a").click()
    assert "ada: graded, 0 of 90 points" in in_the_dialog(tab)


def test_the_machine_outside_has_no_such_accounts(machine: Machine) -> None:
    passwd = Path("/etc/passwd").read_text()
    assert "genai-grader" not in passwd
    assert not Path("/srv/genai").exists()
