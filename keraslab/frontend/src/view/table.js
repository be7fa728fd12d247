// The calls as a table that can be sorted, linked with the picture both ways. Only the rows in
// sight are in the page.

import { bytes, count, short } from "../text.js";
import { make } from "./pane.js";

const HEIGHT = 24; // pixels of a row, as the style sheet has it
const MORE = 12; // rows kept beyond the edges

const amount = (format) => (value) => (value === null || value === undefined ? "unknown" : format(value));
const field = (sizes) => {
  if (!sizes) return "unknown";
  return sizes === "all" ? "all" : sizes.join(" × ") || "–";
};
const product = (sizes) => {
  if (sizes === "all") return Infinity;
  return sizes?.length ? sizes.reduce((all, size) => all * size, 1) : null;
};

/** Columns: head, text of a row, what it is sorted by where it is a number. */
const COLUMNS = [
  { head: "Name", text: (row) => row.name },
  { head: "Type", text: (row) => row.type },
  { head: "Output shape", text: (row) => row.shape },
  { head: "Parameters", text: (row) => amount(count)(row.params), number: (row) => row.params },
  { head: "MACs", text: (row) => amount(short)(row.macs), number: (row) => row.macs },
  { head: "Memory", text: (row) => amount(bytes)(row.memory), number: (row) => row.memory },
  { head: "Receptive field", text: (row) => field(row.field), number: (row) => product(row.field) },
];
const WORDS = new Intl.Collator(undefined, { numeric: true });

/**
 * @param {object} options
 * @param {ReturnType<typeof import("./rows.js").createRows>} options.rows
 * @param {(row: import("./rows.js").Row) => void} options.onPick shows the row's node
 */
export function createTable({ rows, onPick }) {
  const panel = make("section", "klv-panel");
  panel.hidden = true;
  panel.setAttribute("aria-label", "Table of all calls");
  const scroll = make("div", "klv-rowsbox");
  const table = make("table", "klv-calls");
  const note = make("p", "klv-hint", "");
  note.setAttribute("role", "status");
  const head = table.createTHead().insertRow();
  const body = table.createTBody();
  scroll.append(table);
  panel.append(scroll, note);

  let all = [];
  let hits = null;
  let shown = [];
  let sorted = { column: -1, down: false };
  let selected = null;
  let focused = 0; // the row that the Tab key reaches
  let first = -1;

  const heads = COLUMNS.map((column, n) => {
    const cell = make("th", column.number ? "klv-number" : "");
    cell.scope = "col";
    const press = make("button", "klv-sort", column.head);
    press.type = "button";
    press.addEventListener("click", () => sortBy(n));
    cell.append(press);
    head.append(cell);
    return cell;
  });

  /** By a column; again for the other way round; a third time for the graph's own order. */
  function sortBy(n) {
    const firstDown = Boolean(COLUMNS[n].number);
    if (sorted.column !== n) sorted = { column: n, down: firstDown };
    else if (sorted.down === firstDown) sorted = { column: n, down: !firstDown };
    else sorted = { column: -1, down: false };
    arrange();
  }

  function arrange() {
    shown = hits ? all.filter((row) => hits.has(row.id)) : [...all];
    const { column, down } = sorted;
    heads.forEach((cell, n) => {
      if (n === column) cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    if (column >= 0) {
      const { number, text } = COLUMNS[column];
      const way = down ? -1 : 1;
      shown.sort((a, b) => {
        if (!number) return way * WORDS.compare(text(a), text(b));
        const [x, y] = [number(a) ?? null, number(b) ?? null];
        // What is unknown comes last, whichever way.
        if (x === null || y === null) return (x === null) - (y === null);
        return x === y ? 0 : way * (x < y ? -1 : 1);
      });
    }
    const rest = hits ? ` of ${all.length}` : "";
    note.textContent = `${shown.length}${rest} ${all.length === 1 ? "call" : "calls"}; memory and MACs for one sample`;
    table.setAttribute("aria-rowcount", String(shown.length + 1));
    focused = Math.max(0, shown.findIndex((row) => row.id === selected));
    first = -1;
    draw();
  }

  function spacer(rowsLeft) {
    const row = make("tr", "klv-spacer");
    row.setAttribute("aria-hidden", "true");
    const cell = row.insertCell();
    cell.colSpan = COLUMNS.length;
    cell.style.height = `${rowsLeft * HEIGHT}px`;
    return row;
  }

  function draw() {
    if (panel.hidden) return;
    const top = Math.max(0, Math.floor(scroll.scrollTop / HEIGHT) - MORE);
    const from = Math.max(0, Math.min(top - (top % MORE), shown.length - 1));
    if (from === first) return;
    first = from;
    const to = Math.min(shown.length, from + Math.ceil(scroll.clientHeight / HEIGHT) + 4 * MORE);
    const within = body.contains(document.activeElement);
    const lines = [];
    if (from > 0) lines.push(spacer(from));
    for (let n = from; n < to; n++) lines.push(lineOf(shown[n], n));
    if (to < shown.length) lines.push(spacer(shown.length - to));
    body.replaceChildren(...lines);
    if (within) lineAt(focused)?.focus({ preventScroll: true });
  }

  function lineOf(row, n) {
    const line = make("tr", row.id === selected ? "klv-picked" : "");
    line.dataset.row = String(n);
    line.setAttribute("aria-rowindex", String(n + 2));
    if (row.id === selected) line.setAttribute("aria-current", "true");
    line.tabIndex = n === focused ? 0 : -1;
    COLUMNS.forEach((column, c) => {
      const text = column.text(row);
      const cell = make(c === 0 ? "th" : "td", column.number ? "klv-number" : "", text);
      if (c === 0) cell.scope = "row";
      cell.title = text;
      line.append(cell);
    });
    return line;
  }

  const lineAt = (n) => body.querySelector(`[data-row="${n}"]`);

  function focusOn(n) {
    lineAt(focused)?.setAttribute("tabindex", "-1");
    focused = Math.max(0, Math.min(shown.length - 1, n));
    keepInSight(focused);
    const line = lineAt(focused);
    line?.setAttribute("tabindex", "0");
    line?.focus({ preventScroll: true });
  }

  function keepInSight(n) {
    const from = n * HEIGHT;
    const room = scroll.clientHeight - HEIGHT - 4; // the head covers the first row
    if (from < scroll.scrollTop) scroll.scrollTop = from;
    else if (from + HEIGHT > scroll.scrollTop + room) scroll.scrollTop = from + HEIGHT - room;
    draw();
  }

  scroll.addEventListener("scroll", draw);
  const page = () => Math.max(1, Math.floor(scroll.clientHeight / HEIGHT) - 2);
  const STEPS = { ArrowDown: () => 1, ArrowUp: () => -1, PageDown: page, PageUp: () => -page() };
  const ENDS = { Home: () => 0, End: () => shown.length - 1 };
  body.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (STEPS[event.key]) focusOn(focused + STEPS[event.key]());
    else if (ENDS[event.key]) focusOn(ENDS[event.key]());
    else if (event.key === "Enter" || event.key === " ") onPick(shown[focused]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  body.addEventListener("click", (event) => {
    const line = event.target.closest("[data-row]");
    if (!line) return;
    focusOn(Number(line.dataset.row));
    onPick(shown[focused]);
  });

  return {
    element: panel,
    get open() {
      return !panel.hidden;
    },

    async toggle(open = panel.hidden) {
      panel.hidden = !open;
      if (open) await this.refresh();
    },

    /** Take over the rows of a new graph. */
    async refresh() {
      if (panel.hidden) return;
      try {
        all = (await rows.get()).calls;
      } catch (error) {
        note.textContent = String(error?.message ?? error);
        return;
      }
      arrange();
      if (selected !== null) keepInSight(focused);
    },

    /** Show hits alone; all calls for null. */
    filter(found) {
      hits = found && new Set(found.map((row) => row.id));
      if (!panel.hidden) arrange();
    },

    /** Mark the row of a call; none for null. */
    select(id) {
      if (id === selected) return;
      selected = id;
      for (const line of body.querySelectorAll(".klv-picked")) {
        line.classList.remove("klv-picked");
        line.removeAttribute("aria-current");
      }
      if (panel.hidden || id === null) return;
      const n = shown.findIndex((row) => row.id === id);
      if (n < 0) return;
      lineAt(focused)?.setAttribute("tabindex", "-1");
      focused = n;
      keepInSight(n);
      const line = lineAt(n);
      line?.classList.add("klv-picked");
      line?.setAttribute("aria-current", "true");
      line?.setAttribute("tabindex", "0");
    },
  };
}
