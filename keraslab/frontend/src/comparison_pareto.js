// Score against cost: a point per variant, with its spread, and the line of those none other beats.
import uPlot from "uplot";
import { outline } from "./comparison_looks.js";
import { isDark, short } from "./curves_lines.js";
import { make } from "./curves_small.js";

const HEIGHT = 252;
const LABEL = 18;

/** A cost with three digits and a letter. */
export function large(value) {
  for (const [size, letter] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"]])
    if (value >= size * 0.9995) return `${+(value / size).toPrecision(3)}${letter}`;
  return short(value);
}

export class Pareto {
  constructor(parent) {
    this.root = make("div", "klq-pareto", parent);
    this.root.setAttribute("role", "img");
    this.none = make("div", "klq-none", this.root);
    this.none.textContent = "The points appear as runs end.";
    this.width = 0;
    this.hidden = new Set();
    this.state = null;
    this.key = "";
    this.chart = null;
  }

  /** @param {{variants, points, cost, score, higher}} state */
  show(state) {
    this.state = state;
    const key = JSON.stringify(state);
    if (key === this.key) return;
    this.key = key;
    this.rebuild();
  }

  toggle(i, show) {
    this.hidden[show ? "delete" : "add"](i);
    this.rebuild();
  }

  size(width) {
    if (Math.abs(width - this.width) < 1) return;
    this.width = width;
    this.rebuild();
  }

  seen() {
    return (this.state?.points.at ?? []).filter((point) => !this.hidden.has(point.variant));
  }

  /** There are few points: making the plot anew is cheaper than keeping it in step. */
  rebuild() {
    this.chart?.destroy();
    this.chart = null;
    if (!this.width || !this.state) return;
    const points = this.seen();
    this.none.hidden = points.length > 0;
    const { variants, score, cost } = this.state;
    const said = points.map((p) => `${variants[p.variant].name}: ${short(p.y)} at ${large(p.x)}`);
    this.root.setAttribute("aria-label", `${score} against ${cost}. ${said.join("; ")}`);
    this.chart = new uPlot(this.options(points), [points.map((p) => p.x), points.map((p) => p.y)], this.root);
  }

  options(points) {
    const style = getComputedStyle(this.root);
    const ink = style.getPropertyValue("--klc-faint").trim() || style.color;
    const grid = style.getPropertyValue("--klc-grid").trim() || "#8883";
    const font = `11px ${style.fontFamily}`;
    const costs = points.map((p) => p.x);
    const [low, high] = [Math.min(...costs), Math.max(...costs)];
    const log = points.length > 0 && low > 0 && high > 30 * low;
    const ends = points.flatMap((p) => [p.y - (p.sd ?? 0), p.y + (p.sd ?? 0)]);
    const axis = { stroke: ink, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const labels = (_c, ticks) => ticks.map((tick) => (tick == null ? "" : large(tick)));
    return {
      width: this.width,
      height: HEIGHT,
      padding: [10, 12, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: {
          time: false,
          distr: log ? 3 : 1,
          range: () => {
            if (!points.length) return [0, 1];
            if (log) return [low / 1.6, high * 2.5];
            const pad = high > low ? 0.12 * (high - low) : 0.2 * Math.abs(high) || 1;
            return [Math.max(low >= 0 ? 0 : -Infinity, low - pad), high + 1.6 * pad];
          },
        },
        y: {
          range: () => {
            if (!points.length) return [0, 1];
            const [from, to] = [Math.min(...ends), Math.max(...ends)];
            const pad = to > from ? 0.12 * (to - from) : 0.02 * Math.abs(to) || 1;
            return [from - pad, to + pad];
          },
        },
      },
      axes: [
        { ...axis, size: 24, gap: 4, space: log ? 30 : 60, values: labels },
        { ...axis, size: 56, gap: 4, space: 34, values: (_c, ticks) => ticks.map((t) => (t == null ? "" : short(t))) },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [(chart) => this.draw(chart, points, font)] },
    };
  }

  draw(chart, points, font) {
    const { ctx, bbox } = chart;
    const dot = devicePixelRatio;
    const dark = isDark(this.root) ? "dark" : "light";
    const ink = getComputedStyle(this.root).color;
    const at = (p) => [chart.valToPos(p.x, "x", true), chart.valToPos(p.y, "y", true)];
    const { variants, points: all } = this.state;
    ctx.save();
    const best = all.front.map((i) => all.at[i]).filter((p) => points.includes(p));
    ctx.strokeStyle = getComputedStyle(this.root).getPropertyValue("--klc-faint").trim() || ink;
    ctx.lineWidth = dot;
    ctx.setLineDash([4 * dot, 3 * dot]);
    ctx.beginPath();
    best.forEach((p, i) => {
      const [x, y] = at(p);
      if (i) ctx.lineTo(x, at(best[i - 1])[1]);
      ctx[i ? "lineTo" : "moveTo"](x, y);
    });
    ctx.stroke();
    ctx.setLineDash([]);
    for (const p of points) {
      const [x, y] = at(p);
      const { look } = variants[p.variant];
      ctx.strokeStyle = ctx.fillStyle = look[dark];
      if (p.sd != null) {
        const [top, bottom] = [p.y + p.sd, p.y - p.sd].map((v) => chart.valToPos(v, "y", true));
        ctx.lineWidth = 1.5 * dot;
        ctx.beginPath();
        for (const end of [top, bottom]) {
          ctx.moveTo(x - 4 * dot, end);
          ctx.lineTo(x + 4 * dot, end);
        }
        ctx.moveTo(x, top);
        ctx.lineTo(x, bottom);
        ctx.stroke();
      }
      ctx.fill(new Path2D(outline(look.shape, x, y, 5.5 * dot)));
    }
    ctx.fillStyle = ink;
    ctx.font = font.replace(/[\d.]+px/, (size) => `${parseFloat(size) * dot}px`);
    ctx.textBaseline = "middle";
    ctx.textAlign = "left";
    this.names(ctx, points.map((p) => [variants[p.variant].name, ...at(p)]), bbox, dot);
    ctx.restore();
  }

  /** Each name beside its point, where it covers neither another name nor a point. */
  names(ctx, labels, bbox, dot) {
    const taken = labels.map(([, x, y]) => [x - 7 * dot, y - 7 * dot, x + 7 * dot, y + 7 * dot]);
    for (const [name, x, y] of labels) {
      const text = name.length > LABEL ? `${name.slice(0, LABEL - 11)}…${name.slice(-10)}` : name;
      const width = ctx.measureText(text).width;
      for (const [dx, dy] of [[1, -10], [1, 0], [-1, -10], [-1, 0], [1, 10], [-1, 10]]) {
        const left = dx > 0 ? x + 9 * dot : x - 9 * dot - width;
        const box = [left, y + (dy - 6) * dot, left + width, y + (dy + 6) * dot];
        const inside =
          box[0] >= bbox.left && box[2] <= bbox.left + bbox.width &&
          box[1] >= bbox.top && box[3] <= bbox.top + bbox.height;
        const free = taken.every((o) => box[2] < o[0] || box[0] > o[2] || box[3] < o[1] || box[1] > o[3]);
        if (!inside || !free) continue;
        ctx.fillText(text, left, y + dy * dot);
        taken.push(box);
        break; // where there is no room for it, its colour and shape say which it is
      }
    }
  }

  destroy() {
    this.chart?.destroy();
  }
}
