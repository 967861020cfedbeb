"use strict";
(() => {
  // Sorting, finding and opening rows. The page is complete without this script.
  // The address says what is shown (#sort=score&down=1&find=ada&status=partial), so a view can be shared.
  // Everything that students wrote goes through textContent, never through innerHTML.
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const table = document.getElementById("class");
  const controls = document.getElementById("controls");
  const find = document.getElementById("find");
  const status = document.getElementById("status");
  const shown = document.getElementById("shown");
  const rows = [...table.tBodies[0].rows];
  const searched = rows.map((row) => row.cells[0].textContent.toLowerCase());
  const states = rows.map((row) => row.cells[1].textContent);
  let details = null;

  function element(tag, text, className) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // ---- sorting -------------------------------------------------------------------------------

  function value(row, column, kind) {
    const text = row.cells[column].textContent.trim();
    if (kind === "text") return text;
    const parsed = parseFloat(text.replace("−", "-").replace(/^[<>]\s*/, ""));
    return Number.isNaN(parsed) ? null : parsed;
  }

  function sort(header, descending) {
    const kind = header.dataset.sort;
    const body = header.closest("table").tBodies[0];
    const sign = descending ? -1 : 1;
    const keyed = [...body.rows].filter((row) => !row.classList.contains("detail"))
      .map((row) => ({ row, key: value(row, header.cellIndex, kind) }));
    keyed.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null); // no result: last either way
      return sign * (kind === "text" ? collator.compare(a.key, b.key) : a.key - b.key);
    });
    const fragment = document.createDocumentFragment();
    for (const { row } of keyed) {
      const open = row.nextElementSibling?.classList.contains("detail") ? row.nextElementSibling : null;
      fragment.append(row, ...(open ? [open] : []));
    }
    body.append(fragment);
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    shorten(header.closest("table"));
  }

  for (const header of document.querySelectorAll("table.sortable th[data-sort]")) {
    const button = element("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const current = header.getAttribute("aria-sort");
      // Scores are first wanted from the top, names from A.
      sort(header, current ? current === "ascending" : header.dataset.sort === "number");
      remember();
    });
  }

  // ---- long tables show their first rows -------------------------------------------------------

  function shorten(target) {
    const first = Number(target.dataset.first);
    if (first) [...target.tBodies[0].rows].forEach((row, n) => { row.classList.toggle("beyond", n >= first); });
  }

  for (const target of document.querySelectorAll("table[data-first]")) {
    const total = target.tBodies[0].rows.length;
    if (total <= Number(target.dataset.first)) { target.dataset.first = "0"; continue; }
    const button = element("button", `Show all ${total} rows`, "show-all");
    button.type = "button";
    target.closest(".scroll").after(button);
    button.addEventListener("click", () => {
      target.dataset.first = "0";
      for (const row of target.tBodies[0].rows) row.classList.remove("beyond");
      button.remove();
    });
    shorten(target);
  }

  // ---- finding -------------------------------------------------------------------------------

  function filter() {
    const text = find.value.trim().toLowerCase();
    let count = 0;
    rows.forEach((row, n) => {
      row.hidden = !(searched[n].includes(text) && (!status.value || states[n] === status.value));
      const next = row.nextElementSibling;
      if (next?.classList.contains("detail")) next.hidden = row.hidden;
      count += row.hidden ? 0 : 1;
    });
    shown.textContent = `${count} of ${rows.length} students`;
  }

  for (const input of [find, status]) input.addEventListener("input", () => { filter(); remember(); });
  controls.addEventListener("submit", (event) => event.preventDefault());

  // ---- one student's details -------------------------------------------------------------------

  function list(box, title, items) {
    if (!items.length) return;
    box.append(element("h3", title));
    const found = element("ul");
    found.append(...items);
    box.append(found);
  }

  function failedTest([question, title, outcome, hint, detail], texts) {
    const item = element("li");
    item.append(element("span", texts[outcome], "outcome"), " ", element("code", texts[question]), " · " + texts[title]);
    if (texts[hint]) item.append(element("span", "Student was told: " + texts[hint], "told"));
    if (texts[detail]) item.append(element("pre", texts[detail]));
    return item;
  }

  function detailRow(row) {
    details ??= JSON.parse(document.getElementById("details").textContent);
    const { texts, rows: all } = details;
    const { problems, carried, tests } = all[Number(row.id.slice(1))];
    const box = element("div", undefined, "inner");
    list(box, "Problems", problems.map((p) => element("li", texts[p])));
    list(box, "Carried forward", carried.map(([q, from]) => element("li", `${texts[q]}: graded with the reference's ${texts[from]}`)));
    list(box, "Tests not passed", tests.map((test) => failedTest(test, texts)));
    if (!box.childNodes.length) box.append(element("p", "Every test passed and there was no problem."));
    const cell = element("td");
    cell.colSpan = table.tHead.rows[0].cells.length;
    cell.append(box);
    const made = element("tr", undefined, "detail");
    made.id = row.id + "-detail";
    made.append(cell);
    return made;
  }

  function toggle(row, open) {
    const button = row.cells[0].firstElementChild;
    if ((button.getAttribute("aria-expanded") === "true") === open) return;
    button.setAttribute("aria-expanded", String(open));
    if (open) row.after(detailRow(row));
    else row.nextElementSibling.remove();
  }

  for (const row of rows) {
    const button = element("button", row.cells[0].textContent);
    button.type = "button";
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", row.id + "-detail");
    row.cells[0].replaceChildren(button);
  }
  table.addEventListener("click", (event) => {
    const button = event.target.closest("button[aria-expanded]");
    if (button) toggle(button.closest("tr"), button.getAttribute("aria-expanded") === "false");
  });

  // ---- the address -----------------------------------------------------------------------------

  function remember() {
    const state = new URLSearchParams();
    const header = table.querySelector("th[aria-sort]");
    if (header) state.set("sort", header.dataset.key);
    if (header?.getAttribute("aria-sort") === "descending") state.set("down", "1");
    if (find.value) state.set("find", find.value);
    if (status.value) state.set("status", status.value);
    try { history.replaceState(null, "", "#" + state); } catch { /* some browsers refuse this for local files */ }
  }

  function follow() {
    const hash = location.hash.slice(1);
    if (/^s\d+$/.test(hash)) {
      const row = document.getElementById(hash);
      if (!row) return;
      if (row.hidden) { find.value = ""; status.value = ""; filter(); }
      toggle(row, true);
      row.scrollIntoView({ block: "center" });
    } else if (hash.includes("=")) {
      const state = new URLSearchParams(hash);
      find.value = state.get("find") ?? "";
      status.value = state.get("status") ?? "";
      filter();
      const header = [...table.tHead.rows[0].cells].find((cell) => cell.dataset.key && cell.dataset.key === state.get("sort"));
      if (header) sort(header, state.get("down") === "1");
      for (const name of state.getAll("open")) {
        const row = rows.find((candidate) => candidate.cells[0].textContent === name);
        if (row) toggle(row, true);
      }
    }
  }

  controls.hidden = false;
  filter();
  window.addEventListener("hashchange", follow);
  follow();
})();
