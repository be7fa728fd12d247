// A comparison: runs as they go, scores and costs, curves with bands, and what can be concluded.
import { Along } from "./comparison_curves.js";
import { Diff } from "./comparison_diff.js";
import { looksOf } from "./comparison_looks.js";
import { Pareto } from "./comparison_pareto.js";
import { Table } from "./comparison_table.js";
import { isDark } from "./curves_lines.js";
import { make } from "./curves_small.js";

const GAP = 16;
const NARROW = 560;
const PLOT_WIDTH = 300;
const PATIENCE = 1500;
const SHORT = 12; // letters of a name of which two stand side by side
const BUSY =
  "The kernel is busy with the cell that compares: interrupt it (■ above the notebook) to stop.";

const LATER = "The test appears here once two variants have two seeds each that are done.";

/** A menu under a word; what a person chose stays as long as it is offered. */
function menu(parent, word, changed) {
  const label = make("label", "klq-menu", parent);
  make("span", "", label).textContent = word;
  const select = make("select", "klq-select", label);
  let offered = "";
  let chosen = "";
  select.addEventListener("change", () => {
    chosen = select.value;
    changed();
  });
  const offer = (options, first) => {
    if (JSON.stringify(options) === offered) return;
    offered = JSON.stringify(options);
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    select.value = options.some(([value]) => value === chosen) ? chosen : first;
  };
  return { select, offer };
}

/** A text under a heading that folds, with a button that copies it. */
class Copy {
  constructor(parent, word) {
    this.root = make("details", "klq-fold", parent);
    make("summary", "", this.root).textContent = `The table as ${word}`;
    const button = make("button", "klc-button klq-copy", this.root);
    button.type = "button";
    button.textContent = `Copy ${word}`;
    this.text = make("textarea", "klq-text", this.root);
    this.text.readOnly = true;
    this.text.spellcheck = false;
    this.text.setAttribute("aria-label", `The table as ${word}`);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(this.text.value);
      } catch {
        this.text.select(); // a page without leave for the clipboard
        document.execCommand("copy");
      }
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = `Copy ${word}`), PATIENCE);
    });
  }

  show(text) {
    if (this.text.value === text) return;
    this.text.value = text;
    this.text.rows = Math.min(14, text.split("\n").length + 1);
  }
}

/** Sentences as paragraphs, made anew only when they change. */
function sentences(parent, list) {
  const key = JSON.stringify(list);
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  parent.replaceChildren();
  for (const sentence of list) make("p", "", parent).textContent = sentence;
}

export class Comparison {
  /** @param {{stop: () => void, diff: (a: number, b: number) => void, picture: (id: string) => Promise<?HTMLElement>}} kernel */
  constructor(kernel) {
    this.kernel = kernel;
    this.root = make("div", "klc klq");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Comparison");
    // JupyterLab would take Enter, Space and arrows for itself before a button or menu sees them.
    this.root.dataset.lmSuppressShortcuts = "true";
    this.head();
    this.table = new Table(this.root, (i, show) => this.toggle(i, show, null));
    this.heading(this.root, "What the scores say");
    this.first = make("div", "klq-first", this.root);
    this.first.setAttribute("role", "status");
    this.plots();
    this.diff = new Diff(this.root, (a, b) => kernel.diff(a, b), kernel.picture);
    this.fair = this.fold("What was held equal, and what it was estimated to take");
    this.origin = this.fold("Where the numbers come from");
    this.markdown = new Copy(this.root, "Markdown");
    this.latex = new Copy(this.root, "LaTeX");
    this.failed = make("div", "klq-failed", this.root); // last, so that it moves nothing when it comes
    this.smalls = [];
    this.key = `klq-${Math.random()}`;
    this.state = null;
    this.curves = [];
    this.failures = [];
    this.frame = 0;
    this.timer = 0;
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.grid);
    this.themed = () => requestAnimationFrame(() => this.retheme());
    this.themes = new MutationObserver(this.themed);
    this.themes.observe(document.body, {
      attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name"],
    });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.themed);
  }

  head() {
    const head = make("div", "klc-status klq-head", this.root);
    this.text = make("span", "klc-text", head);
    this.bar = make("div", "klc-bar", head);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "Comparison");
    this.part = make("div", "klc-fill", this.bar);
    this.stop = make("button", "klc-button klq-stop", head);
    this.stop.type = "button";
    this.stop.textContent = "Stop";
    this.stop.title = "End all runs after their present batch; what is done stays";
    this.stop.addEventListener("click", () => {
      this.kernel.stop();
      this.stop.disabled = true;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        if (!this.state?.running || this.state.stopping) return;
        this.note.textContent = BUSY;
        this.stop.disabled = false;
      }, PATIENCE);
    });
    this.note = make("div", "klq-note", this.root);
    this.note.setAttribute("role", "status");
  }

  heading(parent, title) {
    const heading = make("div", "klq-heading", parent);
    heading.setAttribute("role", "heading");
    heading.setAttribute("aria-level", "4");
    heading.textContent = title;
  }

  fold(title) {
    const root = make("details", "klq-fold", this.root);
    make("summary", "", root).textContent = title;
    return make("div", "klq-section", root);
  }

  plots() {
    const bar = make("div", "klq-menus", this.root);
    this.value = menu(bar, "curves of", () => this.draw());
    this.cost = menu(bar, "score against", () => this.draw());
    this.hint = make("span", "klq-hint", bar);
    this.hint.textContent = "lines: mean of the seeds; bands: lowest to highest seed; bars: ± sd";
    this.grid = make("div", "klq-grid", this.root);
    const cell = make("div", "klq-cost", this.grid);
    const head = make("div", "klc-head", cell);
    this.title = make("span", "klc-name", head);
    this.pareto = new Pareto(cell);
    this.axis = make("div", "klq-axis", cell);
    this.cell = cell;
    this.tested = make("div", "klq-tested", this.grid);
    this.tested.tabIndex = 0; // it scrolls
    this.tested.setAttribute("role", "region");
    this.tested.setAttribute("aria-label", "By how much, and how it was tested");
    this.heading(this.tested, "By how much, and how it was tested");
    this.verdict = make("div", "klq-section", this.tested);
  }

  /** Several calls before a frame are drawn once. */
  show(state, curves, failures) {
    this.state = state;
    this.curves = curves;
    this.failures = failures;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { state } = this;
    if (!state?.variants) return;
    this.text.textContent = state.text;
    this.text.title = state.text;
    this.part.style.width = `${100 * state.fraction}%`;
    this.bar.setAttribute("aria-valuenow", String(Math.round(100 * state.fraction)));
    this.root.classList.toggle("klc-running", state.running);
    this.root.classList.toggle("klq-dark", isDark(this.root));
    this.stop.disabled = !state.running || state.stopping || (this.stop.disabled && this.timer > 0);
    this.stop.textContent = state.stopping && state.running ? "Stopping…" : "Stop";
    if (!state.running || state.stopping) {
      clearTimeout(this.timer);
      this.timer = 0;
      this.note.textContent = state.note ?? "";
    }
    this.table.show(state);
    // Room for a sentence that names each variant twice, so that the plots stay where they are.
    const letters = 60 + state.variants.reduce((sum, { name }) => sum + 2 * name.length + 8, 0);
    const lines = Math.max(2, Math.min(6, Math.ceil(letters / 95)));
    this.first.style.minHeight = `${1.45 * lines}em`;
    if (this.first.textContent !== state.first) this.first.textContent = state.first;
    sentences(this.verdict, state.verdict.length ? state.verdict : [LATER]);
    this.drawPlots();
    const failed = this.failures.join("");
    if (failed !== this.shownFailed) {
      this.shownFailed = failed;
      this.failed.innerHTML = failed; // the kernel's own, all text in it escaped
    }
    this.diff.show(state.variants);
    sentences(this.fair, [...state.held, ...state.estimate]);
    sentences(this.origin, state.provenance);
    this.markdown.show(state.markdown);
    this.latex.show(state.latex);
    this.resize();
  }

  drawPlots() {
    const { state } = this;
    const names = this.curves.map((one) => [one.name, one.name.replaceAll("_", " ")]);
    this.value.offer(names.length ? names : [[state.value, state.value]], state.value);
    this.cost.offer(Object.entries(state.costs), "macs");
    const chosen = this.curves.find((one) => one.name === this.value.select.value);
    const value = this.value.select.value;
    const name = value.replaceAll("_", " ");
    const loss = chosen?.loss ?? false;
    // The kinds of lines and the button for a logarithmic scale are a plot's for life.
    const drawn = JSON.stringify([state.variants, state.sides, state.axis, value, loss]);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      const hidden = this.smalls[0]?.hidden ?? [];
      for (const small of this.smalls) small.destroy();
      const looks = looksOf(state.variants);
      this.smalls = state.sides.map((side, i) =>
        this.open({ id: `${value}:${i}`, title: `${name}, ${side}`, loss, lines: [] }, looks, hidden),
      );
    }
    this.smalls.forEach((small, i) => {
      const plot = { ...small.plot, lines: chosen?.sides[i] ?? [] };
      small.show(plot, { heading: "", axis: state.axis, marks: [], smoothing: 0 });
    });
    const long = state.variants.some(({ name }) => name.length > SHORT);
    this.grid.classList.toggle("klq-long", long);
    const entries = state.variants.length + 1; // with one for the place
    const rows = long ? entries : Math.ceil(entries / 2);
    this.root.style.setProperty("--klq-legend", `${18 * rows + 2}px`);
    const kind = this.cost.select.value;
    const better = state.higher ? "higher is better" : "lower is better";
    this.title.textContent = `${state.score} on test data (${better})`;
    this.axis.textContent = state.costs[kind];
    this.pareto.show({
      variants: state.variants, points: state.points[kind], cost: state.costs[kind], score: state.score,
    });
  }

  open(plot, looks, hidden) {
    const small = new Along(this.grid, plot, this.key, looks, this.state.axis);
    small.hidden = new Set(hidden);
    this.grid.insertBefore(small.root, this.cell);
    small.toggled = (kind, show) => this.toggle(Number(kind), show, small);
    return small;
  }

  /** Show or hide a variant everywhere. */
  toggle(i, show, from) {
    for (const small of this.smalls) if (small !== from) small.toggle(String(i), show);
    this.table.pressed(i, show);
    if (this.pareto.hidden.has(i) === show) this.pareto.toggle(i, show);
  }

  resize() {
    const width = this.grid.clientWidth;
    if (!width || !this.smalls.length) return;
    const plots = this.smalls.length + 1;
    const columns = width < NARROW ? 1 : width < 3 * PLOT_WIDTH + 2 * GAP ? 2 : 3;
    const each = Math.floor((width - GAP * (columns - 1)) / columns);
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${each}px)`;
    for (const small of this.smalls) small.size(each);
    this.pareto.size(each);
    // Where the plots fill their rows, the words have a row of their own.
    this.tested.classList.toggle("klq-row", plots % columns === 0);
  }

  retheme() {
    const look = getComputedStyle(this.root);
    const now = look.color + look.getPropertyValue("--klc-grid") + isDark(this.root);
    if (now === this.look) return;
    this.look = now;
    this.root.classList.toggle("klq-dark", isDark(this.root));
    for (const small of this.smalls) small.rebuild();
    this.pareto.rebuild();
  }

  /** After it was moved to another place in the page. */
  refresh() {
    this.retheme();
    this.resize();
  }

  destroy() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.resized.disconnect();
    this.themes.disconnect();
    this.scheme.removeEventListener("change", this.themed);
    for (const small of this.smalls) small.destroy();
    this.pareto.destroy();
    this.diff.destroy();
    this.root.remove();
  }
}
