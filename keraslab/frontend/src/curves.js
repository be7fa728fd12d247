// Training curves: a small plot per output and metric, drawn on canvas by uPlot.
import uPlot from "uplot";

const PLOT_HEIGHT = 186;
const PLOT_WIDTH = 300;
const GAP = 16;

/** Okabe and Ito's colours, which the colour-blind tell apart; lighter ones on a dark ground. */
const COLOURS = {
  light: { train: "#0072b2", validation: "#d55e00" },
  dark: { train: "#56b4e9", validation: "#f0a030" },
};

/** Colour is never the only sign: lines differ in dash, weight and the shape of their points. */
const KINDS = [
  { kind: "batch", label: "each batch", width: 1, faint: true },
  { kind: "train", label: "train", width: 2 },
  { kind: "validation", label: "validation", width: 2, dash: [6, 4] },
];

/** @param {string} tag @param {string} className @param {Element} [parent] */
function make(tag, className, parent) {
  const element = document.createElement(tag);
  element.className = className;
  parent?.append(element);
  return element;
}

/** A value in about four figures, always of much the same width. */
function number(value) {
  if (value == null) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2);
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4);
}

function last(values) {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] != null) return values[i];
  return null;
}

/**
 * A line that breaks at every gap. uPlot's own joins the ends of a gap narrower than a pixel, and
 * the step from one epoch's mean to the next would look like a value.
 */
function broken(chart, i, from, to) {
  const [x, y] = [chart.data[0], chart.data[i]];
  const { scale } = chart.series[i];
  const stroke = new Path2D();
  let open = false;
  for (let at = from; at <= to; at++) {
    if (y[at] === null) open = false;
    if (y[at] == null) continue;
    const point = [chart.valToPos(x[at], "x", true), chart.valToPos(y[at], scale, true)];
    stroke[open ? "lineTo" : "moveTo"](...point);
    open = true;
  }
  return { stroke, fill: null, clip: null, band: null, gaps: null, flags: 0 };
}

/** Whether the text around is light, hence the ground dark. */
function isDark(element) {
  const [r, g, b] = (getComputedStyle(element).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return 0.3 * r + 0.6 * g + 0.1 * b > 128;
}

/** One plot: training and validation of one metric of one output. */
class Small {
  constructor(parent, plot) {
    this.root = make("div", "klc-plot", parent);
    this.root.dataset.plot = plot.id;
    const head = make("div", "klc-head", this.root);
    this.title = make("span", "klc-name", head);
    this.title.textContent = this.title.title = plot.title;
    this.log = false;
    if (plot.loss) {
      const button = make("button", "klc-log", head);
      button.type = "button";
      button.textContent = "log";
      button.title = "Logarithmic scale";
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        this.log = !this.log;
        button.setAttribute("aria-pressed", String(this.log));
        this.rebuild();
      });
    }
    this.body = make("div", "klc-body", this.root);
    this.hidden = new Set();
    this.zoomed = false;
    this.width = 0;
    this.plot = plot;
    this.axis = "epoch";
    /** @type {uPlot | null} */
    this.chart = null;
  }

  /** The lines on one shared x, as uPlot wants them: undefined where a line has no point. */
  data() {
    const lines = KINDS.map(({ kind }) => this.plot.lines.find((line) => line.kind === kind));
    const tables = lines.map((line) => {
      if (!line) return [[], []];
      const y = this.log ? line.y.map((v) => (v != null && v > 0 ? v : null)) : line.y;
      return [line.x, y];
    });
    return uPlot.join(tables);
  }

  show(plot, axis) {
    this.plot = plot;
    this.axis = axis;
    if (!this.chart) return;
    this.chart.setData(this.data(), !this.zoomed);
    if (this.zoomed) this.chart.redraw();
    this.label();
  }

  size(width) {
    if (Math.abs(width - this.width) < 1) return;
    this.width = width;
    if (this.chart) this.chart.setSize({ width, height: PLOT_HEIGHT });
    else this.rebuild();
  }

  /** uPlot takes colours and the kind of scale at the beginning only. */
  rebuild() {
    if (!this.width) return;
    this.chart?.destroy();
    this.chart = new uPlot(this.options(), this.data(), this.body);
    this.legendKeys();
    this.label();
  }

  options() {
    const style = getComputedStyle(this.root);
    const colour = COLOURS[isDark(this.root) ? "dark" : "light"];
    const ink = style.getPropertyValue("--klc-faint").trim() || style.color;
    const line = style.getPropertyValue("--klc-grid").trim() || "#8883";
    const font = `11px ${style.fontFamily}`;
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
      width: this.width,
      height: PLOT_HEIGHT,
      padding: [8, 10, 0, 0],
      cursor: {
        y: false,
        points: { size: 7, fill: (chart, i) => chart.series[i]._stroke },
        drag: { x: true, y: false },
        bind: {
          dblclick: (_chart, _target, handler) => (event) => {
            this.zoomed = false;
            return handler(event);
          },
        },
      },
      hooks: {
        setSelect: [(chart) => (this.zoomed ||= chart.select.width > 0)],
        setSeries: [
          (chart, i) => {
            if (i == null) return;
            const { kind } = KINDS[i - 1];
            this.hidden[chart.series[i].show ? "delete" : "add"](kind);
            this.label();
          },
        ],
      },
      scales: {
        x: { time: false, range: (_c, low, high) => this.range(low, high) },
        y: this.log ? { distr: 3 } : { range: { min: { pad: 0.06 }, max: { pad: 0.06 } } },
      },
      axes: [
        {
          ...axis,
          size: 22,
          gap: 4,
          space: 44,
          incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6],
          values: (_c, ticks) => ticks.map((tick) => tick.toLocaleString("en")),
        },
        {
          ...axis,
          size: 52,
          gap: 4,
          space: 30,
          values: (_c, ticks) => ticks.map((tick) => (tick == null ? "" : short(tick))),
        },
      ],
      legend: { markers: { width: 2, dash: (_c, i) => (KINDS[i - 1].dash ? "dashed" : "solid") } },
      series: [
        { label: "epoch", value: (_c, x, _s, at) => (at == null ? "" : this.place(x)) },
        ...KINDS.map(({ kind, label, width, dash, faint }) => ({
          label,
          width,
          dash,
          show: !this.hidden.has(kind),
          ...(faint && { paths: broken }),
          stroke: (kind === "validation" ? colour.validation : colour.train) + (faint ? "80" : ""),
          points: {
            show: (chart, i) => !faint && count(chart.data[i]) <= 40,
            size: 5,
            fill: kind === "validation" ? style.getPropertyValue("--klc-ground") : colour.train,
          },
          value: (chart, value, i, at) => number(at == null ? last(chart.data[i]) : value),
        })),
      ],
    };
  }

  /** Whole epochs at the ends, so that the axis moves once an epoch and not with each point. */
  range(low, high) {
    if (low == null) return [0, 1];
    if (this.zoomed) return [low, high];
    return [Math.floor(low + 1e-9), Math.max(Math.ceil(high - 1e-9), Math.floor(low) + 1)];
  }

  place(x) {
    return this.axis === "batch" ? x.toLocaleString("en") : x.toFixed(2).replace(/\.?0+$/, "");
  }

  /** The legend's entries can be reached and pressed by keyboard too. */
  legendKeys() {
    this.body.querySelectorAll(".u-series th").forEach((entry, i) => {
      if (i === 0) return;
      entry.tabIndex = 0;
      entry.setAttribute("role", "button");
      entry.title = "Show or hide this line";
      entry.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        entry.click();
      });
    });
  }

  /** Names what is shown: the axis, and only the lines that have points. */
  label() {
    const rows = this.body.querySelectorAll(".u-series");
    if (rows[0]) rows[0].querySelector(".u-label").textContent = this.axis;
    KINDS.forEach(({ kind }, i) => {
      const line = this.plot.lines.find((one) => one.kind === kind);
      rows[i + 1]?.classList.toggle("klc-empty", !line || line.x.length === 0);
      rows[i + 1]?.querySelector("th").setAttribute("aria-pressed", String(!this.hidden.has(kind)));
    });
  }

  destroy() {
    this.chart?.destroy();
    this.root.remove();
  }
}

function count(values) {
  let known = 0;
  for (const value of values) if (value != null) known++;
  return known;
}

/** A value at an axis. */
function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(0);
  return String(+value.toPrecision(4));
}

/** The whole view: a line that says how far the training is, and the plots under it. */
export class Curves {
  constructor() {
    this.root = make("div", "klc");
    const head = make("div", "klc-status", this.root);
    this.text = make("span", "klc-text", head);
    this.bar = make("div", "klc-bar", head);
    this.bar.setAttribute("role", "progressbar");
    this.bar.setAttribute("aria-label", "Training");
    this.fill = make("div", "klc-fill", this.bar);
    this.note = make("div", "klc-note", this.root);
    this.note.setAttribute("role", "status");
    this.grid = make("div", "klc-grid", this.root);
    /** @type {Map<string, Small>} */
    this.smalls = new Map();
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
    let before = null;
    for (const plot of this.plots) {
      let small = this.smalls.get(plot.id);
      if (!small) this.smalls.set(plot.id, (small = new Small(this.grid, plot)));
      if (before ? before.nextSibling !== small.root : this.grid.firstChild !== small.root) {
        this.grid.insertBefore(small.root, before ? before.nextSibling : this.grid.firstChild);
      }
      before = small.root;
      small.show(plot, axis);
    }
    this.resize();
  }

  resize() {
    const width = this.grid.clientWidth;
    if (!width || !this.smalls.size) return;
    const most = Math.max(1, Math.floor((width + GAP) / (PLOT_WIDTH + GAP)));
    const columns = Math.min(most, this.smalls.size, 3);
    const each = Math.min(560, Math.floor((width - GAP * (columns - 1)) / columns));
    this.grid.style.gridTemplateColumns = `repeat(${columns}, ${each}px)`;
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
