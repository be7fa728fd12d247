// The table of a comparison: a row per variant, with a box per run that shows how far it is.
import { swatch } from "./comparison_looks.js";
import { make } from "./curves_small.js";

/** Told apart by sign and border too, not by colour alone. */
const SIGNS = {
  waiting: "", running: "", done: "✓", reused: "↺", failed: "✗", stopped: "■", dropped: "↓",
};
const HINT = "Each box is one run; point at it, or press Tab, to read how it goes.";

export class Table {
  /** @param {(index: number, show: boolean) => void} toggle shows or hides a variant in the plots */
  constructor(parent, toggle) {
    this.toggle = toggle;
    const scroll = make("div", "klq-scroll", parent);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", "Scores and costs");
    this.table = make("table", "klq-table", scroll);
    this.info = make("div", "klq-info", parent);
    this.info.textContent = HINT;
    this.shape = "";
    this.rows = [];
  }

  /** Rows, boxes and columns are there from the beginning: only what stands in them changes. */
  show({ variants, columns, table, cells }) {
    const shape = JSON.stringify([variants, columns, cells.map((row) => row.length)]);
    if (shape !== this.shape) {
      this.shape = shape;
      this.build(variants, columns, cells);
    }
    this.rows.forEach(({ boxes, values }, i) => {
      boxes.forEach((box, j) => this.fill(box, cells[i][j]));
      values.forEach((cell, j) => {
        const text = table[i]?.[j] ?? "";
        if (cell.textContent !== text) cell.textContent = text;
      });
    });
  }

  build(variants, columns, cells) {
    this.table.replaceChildren();
    const head = make("tr", "", make("thead", "", this.table));
    for (const { label, title } of [{ label: "variant" }, { label: "runs", title: "One per seed" }, ...columns]) {
      const cell = make("th", "", head);
      cell.scope = "col";
      cell.textContent = label;
      if (title) cell.title = title;
    }
    const body = make("tbody", "", this.table);
    this.rows = variants.map(({ name, look }, i) => {
      const row = make("tr", "", body);
      const first = make("th", "", row);
      first.scope = "row";
      const button = make("button", "klq-variant", first);
      button.type = "button";
      button.title = `${name}\nShow or hide it in the plots`;
      button.setAttribute("aria-pressed", "true");
      button.append(swatch(look));
      make("span", "klq-name", button).textContent = name;
      button.addEventListener("click", () => {
        const show = button.getAttribute("aria-pressed") !== "true";
        this.pressed(i, show);
        this.toggle(i, show);
      });
      const runs = make("div", "klq-runs", make("td", "", row));
      const boxes = cells[i].map(() => {
        const box = make("button", "klq-cell", runs);
        box.type = "button";
        make("span", "klq-part", box);
        make("span", "klq-sign", box);
        const tell = () => (this.info.textContent = box.title);
        const hush = () => (this.info.textContent = HINT);
        box.addEventListener("focus", tell);
        box.addEventListener("mouseenter", tell);
        box.addEventListener("blur", hush);
        box.addEventListener("mouseleave", hush);
        return box;
      });
      const values = columns.map(({ width }) => {
        const cell = make("td", "klq-number", row);
        cell.style.minWidth = `${width}ch`;
        return cell;
      });
      return { button, boxes, values };
    });
  }

  fill(box, { status, part, said }) {
    if (box.dataset.status !== status) {
      box.dataset.status = status;
      box.querySelector(".klq-sign").textContent = SIGNS[status] ?? "?";
    }
    const percent = Math.round(100 * part);
    box.querySelector(".klq-part").style.width = status === "running" ? `${percent}%` : "";
    if (status === "running") box.querySelector(".klq-sign").textContent = String(percent);
    if (box.title === said) return;
    if (this.info.textContent === box.title) this.info.textContent = said;
    box.title = said;
    box.setAttribute("aria-label", said);
  }

  /** The mark of whether a variant is in the plots. */
  pressed(i, show) {
    this.rows[i]?.button.setAttribute("aria-pressed", String(show));
  }
}
