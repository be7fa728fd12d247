// Training curves: a small plot per output and metric, under a line that says how far it is.
import { isDark } from "./curves_lines.js";
import { Small, make } from "./curves_small.js";

const PLOT_WIDTH = 300;
const GAP = 16;

/** Puts one element after the other, and moves none that is in its place. */
function placer(parent) {
  let before = null;
  return (element) => {
    const here = before ? before.nextSibling : parent.firstChild;
    if (here !== element) parent.insertBefore(element, here);
    before = element;
  };
}

/** The whole view: a line that says how far the training is, and the plots under it. */
export class Curves {
  constructor() {
    this.root = make("div", "klc");
    // JupyterLab would take Enter, Space and arrows for itself before a button or slider sees them.
    this.root.dataset.lmSuppressShortcuts = "true";
    const head = make("div", "klc-status", this.root);
    this.text = make("span", "klc-text", head);
    this.bar = make("div", "klc-bar", head);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "Training");
    this.fill = make("div", "klc-fill", this.bar);
    this.tools(head);
    this.note = make("div", "klc-note", this.root);
    this.note.setAttribute("role", "status");
    this.grid = make("div", "klc-grid", this.root);
    this.said = make("div", "klc-said", this.root);
    /** @type {Map<string, Small>} */
    this.smalls = new Map();
    /** @type {Map<string, {root: HTMLElement, cells: HTMLElement}>} the plots of each output */
    this.groups = new Map();
    this.key = `klc-${Math.random()}`;
    this.plots = [];
    this.status = {};
    this.frame = 0;

    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.grid);
    const themed = () => requestAnimationFrame(() => this.retheme());
    this.themes = new MutationObserver(themed);
    this.themes.observe(document.body, {
      attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name"],
    });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", themed);
    this.themed = themed;
  }

  /** What changes all plots at once. */
  tools(head) {
    this.smoothing = 0;
    const label = make("label", "klc-smooth", head);
    const words = make("span", "", label);
    words.textContent = "smooth";
    const range = make("input", "", label);
    Object.assign(range, { type: "range", min: "0", max: "20", step: "1", value: "0" });
    range.title = "Smooth the lines over a part of the training; the values stay faintly in sight";
    range.addEventListener("input", () => {
      this.smoothing = range.valueAsNumber / 100;
      words.textContent = this.smoothing ? `smooth ${range.value} %` : "smooth";
      this.show(this.plots, this.status);
    });
  }

  /** Show these plots and this status; several calls before a frame are drawn once. */
  show(plots, status) {
    this.plots = plots;
    this.status = status ?? {};
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { text = "", note = "", fraction = null, running = false, axis = "epoch" } = this.status;
    this.text.textContent = text;
    if (this.note.textContent !== note) this.note.textContent = note;
    this.root.classList.toggle("klc-running", running);
    this.root.classList.toggle("klc-unknown", running && fraction == null);
    this.fill.style.width = `${100 * (fraction ?? 0)}%`;
    if (fraction == null) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));

    const wanted = new Set(this.plots.map((plot) => plot.id));
    for (const [id, small] of this.smalls) {
      if (!wanted.has(id)) {
        small.destroy();
        this.smalls.delete(id);
      }
    }
    const members = new Map();
    for (const plot of this.plots) {
      const name = plot.group || "";
      members.set(name, [...(members.get(name) ?? []), plot]);
    }
    for (const [name, group] of this.groups) {
      if (members.has(name)) continue;
      group.root.remove();
      this.groups.delete(name);
    }
    const next = placer(this.grid);
    for (const [name, plots] of members) {
      const group = this.group(name);
      next(group.root);
      const place = placer(group.cells);
      for (const plot of plots) {
        let small = this.smalls.get(plot.id);
        if (!small) this.smalls.set(plot.id, (small = new Small(group.cells, plot, this.key)));
        place(small.root);
        const marks = this.status.marks?.[plot.id] ?? [];
        small.show(plot, { heading: name, axis, marks, smoothing: this.smoothing });
      }
    }
    const said = this.status.said ?? [];
    if (said.join("\n") !== this.said.dataset.text) {
      this.said.dataset.text = said.join("\n");
      this.said.replaceChildren();
      for (const sentence of said) make("p", "", this.said).textContent = sentence;
    }
    this.resize();
  }

  /** The place of one output's plots, under its name where it has one. */
  group(name) {
    let group = this.groups.get(name);
    if (group) return group;
    const root = make("div", "klc-group", this.grid);
    if (name) {
      const heading = make("div", "klc-output", root);
      heading.setAttribute("role", "heading");
      heading.setAttribute("aria-level", "4");
      heading.textContent = name;
    }
    group = { root, cells: make("div", "klc-cells", root) };
    this.groups.set(name, group);
    return group;
  }

  resize() {
    const width = this.grid.clientWidth;
    if (!width || !this.smalls.size) return;
    const most = Math.max(1, Math.floor((width + GAP) / (PLOT_WIDTH + GAP)));
    const columns = Math.min(most, this.smalls.size, 3);
    const each = Math.min(560, Math.floor((width - GAP * (columns - 1)) / columns));
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${each}px)`;
    for (const { root, cells } of this.groups.values()) {
      const span = Math.min(columns, cells.childElementCount);
      root.style.gridColumn = `span ${span}`;
      cells.style.gridTemplateColumns = `repeat(${span}, ${each}px)`;
    }
    for (const small of this.smalls.values()) small.size(each);
  }

  retheme() {
    const look = getComputedStyle(this.root);
    const now = look.color + look.getPropertyValue("--klc-grid") + isDark(this.root);
    if (now === this.look) return;
    this.look = now;
    for (const small of this.smalls.values()) small.rebuild();
  }

  /** After it was moved to another place in the page. */
  refresh() {
    this.retheme();
    this.resize();
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    this.resized.disconnect();
    this.themes.disconnect();
    this.scheme.removeEventListener("change", this.themed);
    for (const small of this.smalls.values()) small.destroy();
    this.root.remove();
  }
}
