// One small plot of the training curves, drawn on canvas by uPlot.
import uPlot from "uplot";
import { COLOURS, LINES, bandsOf, broken, count, inkOf, isDark, last, number, short, smooth } from "./curves_lines.js";
import { drawMarks, levels } from "./curves_marks.js";

const PLOT_HEIGHT = 186;

/** @param {string} tag @param {string} className @param {Element} [parent] */
export function make(tag, className, parent) {
  const element = document.createElement(tag);
  element.className = className;
  parent?.append(element);
  return element;
}

/** One plot: training and validation of one metric of one output. */
export class Small {
  /**
   * @param {string} group what plots share that show the cursor together
   * @param {object[]} looks what kinds of lines there are, and how they look
   */
  constructor(parent, plot, group = "", looks = LINES) {
    this.group = group;
    this.looks = looks;
    this.smoothing = 0;
    this.marks = [];
    this.root = make("div", "klc-plot", parent);
    this.root.dataset.plot = plot.id;
    const head = make("div", "klc-head", this.root);
    this.title = make("span", "klc-name", head);
    this.log = false;
    this.back = make("button", "klc-button klc-back", head);
    this.back.type = "button";
    this.back.textContent = "reset zoom";
    this.back.title = "Show the whole training again (or double-click the plot)";
    this.back.hidden = true;
    this.back.addEventListener("click", () => {
      this.zoom(false);
      this.chart?.setData(this.data(), true);
    });
    if (plot.loss) {
      const button = make("button", "klc-button klc-log", head);
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
    const tables = this.looks.map(({ kind, raw }) => {
      const line = this.plot.lines.find((one) => one.kind === kind);
      if (!line || !line.x.length || (raw && !this.smoothing)) return [[], []];
      const y = this.log ? line.y.map((v) => (v != null && v > 0 ? v : null)) : line.y;
      if (raw || !this.smoothing) return [line.x, y];
      return [line.x, smooth(line.x, y, this.smoothing * this.span())];
    });
    return uPlot.join(tables);
  }

  /** How much of the axis the lines cover. */
  span() {
    const ends = this.plot.lines.filter((line) => line.x.length);
    const low = Math.min(...ends.map((line) => line.x[0]));
    return Math.max(...ends.map((line) => line.x[line.x.length - 1])) - low || 1;
  }

  /** @param {{heading: string, axis: string, marks: object[], smoothing: number}} how */
  show(plot, { heading, axis, marks, smoothing }) {
    this.plot = plot;
    this.axis = axis;
    this.marks = marks;
    const name = heading ? (plot.name ?? plot.title) : plot.title;
    if (this.title.textContent !== name) this.title.textContent = name;
    this.title.title = plot.title;
    this.smoothing = smoothing;
    if (!this.chart) return;
    this.chart.setData(this.data(), !this.zoomed);
    if (this.zoomed) this.chart.redraw();
    this.label();
  }

  /** Show or hide the lines of a kind, as its entry in the legend does. */
  toggle(kind, show) {
    if (this.hidden.has(kind) !== show) return;
    this.hidden[show ? "delete" : "add"](kind);
    this.chart?.setSeries(this.looks.findIndex((look) => look.kind === kind) + 1, { show });
  }

  zoom(on) {
    this.zoomed = on;
    this.back.hidden = !on;
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
    const dark = isDark(this.root);
    const colour = COLOURS[dark ? "dark" : "light"];
    const ink = style.getPropertyValue("--klc-faint").trim() || style.color;
    const ground = style.getPropertyValue("--klc-ground").trim() || "white";
    const line = style.getPropertyValue("--klc-grid").trim() || "#8883";
    const font = `11px ${style.fontFamily}`;
    const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
    return {
      width: this.width,
      height: PLOT_HEIGHT,
      padding: [8, 18, 0, 0],
      cursor: {
        y: false,
        points: { size: 7, fill: (chart, i) => chart.series[i]._stroke },
        drag: { x: true, y: false },
        // The same place in all plots; a zoom stays with its own.
        sync: {
          key: this.group,
          scales: ["x", null],
          filters: { pub: (type) => type === "mousemove" || type === "mouseleave" },
        },
        bind: {
          dblclick: (_chart, _target, handler) => (event) => {
            this.zoom(false);
            return handler(event);
          },
        },
      },
      hooks: {
        setSelect: [(chart) => chart.select.width > 0 && this.zoom(true)],
        draw: [(chart) => drawMarks(chart, this.marks, { ...colour, font, ground })],
        setSeries: [
          (chart, i) => {
            if (i == null || this.looks[i - 1].with) return;
            const { kind } = this.looks[i - 1];
            const { show } = chart.series[i];
            this.hidden[show ? "delete" : "add"](kind);
            this.looks.forEach((look, at) => look.with === kind && chart.setSeries(at + 1, { show }));
            this.label();
            this.toggled?.(kind, show);
          },
        ],
      },
      scales: {
        x: { time: false, range: (_c, low, high) => this.range(low, high) },
        y: { distr: this.log ? 3 : 1, range: (_c, low, high) => this.values(low, high) },
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
      bands: bandsOf(this.looks, dark),
      legend: {
        markers: { width: 2, dash: (_c, i) => (this.looks[i - 1].dash ? "dashed" : "solid") },
      },
      series: [
        { label: "epoch", value: (_c, x, _s, at) => (at == null ? "" : this.place(x)) },
        ...this.looks.map((look) => {
          const { kind, label, width, dash, faint, raw, edge, shape } = look;
          const ink = inkOf(look, dark);
          return {
            label,
            width: raw ? 1 : width,
            dash,
            show: !this.hidden.has(look.with ?? kind),
            ...(faint && { paths: broken }),
            stroke: ink,
            points: {
              show: (chart, i) => !faint && !raw && !edge && count(chart.data[i]) <= 40,
              size: 5,
              fill: kind === "validation" ? style.getPropertyValue("--klc-ground") : ink,
              ...(shape && { paths: shape }),
            },
            value: (chart, value, i, at) => number(at == null ? last(chart.data[i]) : value),
          };
        }),
      ],
    };
  }

  /** Whole epochs at the ends, so that the axis moves once an epoch and not with each point. */
  range(low, high) {
    if (low == null) return [0, 1];
    if (this.zoomed) return [low, high];
    return [Math.floor(low + 1e-9), Math.max(Math.ceil(high - 1e-9), Math.floor(low) + 1)];
  }

  /** Room around the lines, and a baseline in sight. */
  values(low, high) {
    if (low == null) return this.log ? [0.1, 1] : [0, 1];
    const seen = levels(this.marks).filter((level) => !this.log || level > 0);
    const [from, to] = [Math.min(low, ...seen), Math.max(high, ...seen)];
    if (this.log) return uPlot.rangeLog(from, to, 10, false);
    return uPlot.rangeNum(from, to, { min: { pad: 0.06 }, max: { pad: 0.06 } });
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
      const swatch = this.looks[i - 1].swatch?.();
      if (swatch) entry.querySelector(".u-marker").replaceWith(swatch);
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
    this.looks.forEach((look, i) => {
      const line = this.plot.lines.find((one) => one.kind === look.kind);
      const none = look.with != null || !line || line.x.length === 0;
      rows[i + 1]?.classList.toggle("klc-empty", none && !look.swatch);
      const shown = String(!this.hidden.has(look.kind));
      rows[i + 1]?.querySelector("th").setAttribute("aria-pressed", shown);
    });
  }

  destroy() {
    this.chart?.destroy();
    this.root.remove();
  }
}
