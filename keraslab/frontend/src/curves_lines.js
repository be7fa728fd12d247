// What the lines of a plot look like, and the numbers beside them.

/** Okabe and Ito's colours, which the colour-blind tell apart; lighter ones on a dark ground. */
export const COLOURS = {
  light: { train: "#0072b2", validation: "#d55e00", mark: "#7a3f8f" },
  dark: { train: "#56b4e9", validation: "#f0a030", mark: "#d9a0ea" },
};

/** Colour is never the only sign: lines differ in dash, weight and the shape of their points. */
export const KINDS = [
  { kind: "batch", label: "each batch", width: 1, faint: true },
  { kind: "train", label: "train", width: 2 },
  { kind: "validation", label: "validation", width: 2, dash: [6, 4] },
  { kind: "value", label: "value", width: 1.5 },
];

/**
 * Each line once more, as it came, to be seen faintly behind itself when it is smoothed.
 *
 * What a plot is given as its looks is a list of these. `with` names the kind that a line comes and
 * goes with; such a line has no place of its own in the legend. `colour` is one for light and one
 * for dark grounds, `shape` draws its points, `swatch` stands for it in the legend, and `edge` says
 * that it is one edge of the band around the line that it goes with: the lower one follows the upper.
 */
export const LINES = [...KINDS, ...KINDS.map((one) => ({ ...one, raw: true, with: one.kind }))];

/** The colour of a line on this ground. */
export function inkOf({ kind, colour, faint, raw, edge }, dark) {
  if (edge) return "transparent";
  const base = COLOURS[dark ? "dark" : "light"];
  const own = colour?.[dark ? "dark" : "light"];
  const ink = own ?? (kind === "validation" ? base.validation : base.train);
  return ink + (raw ? (faint ? "30" : "50") : faint ? "80" : "");
}

/** The bands between edges, as uPlot wants them: the upper edge first. */
export function bandsOf(looks, dark) {
  return looks.flatMap((look, i) =>
    look.edge === "high"
      ? [{ series: [i + 1, i + 2], fill: dark ? `${look.colour.dark}40` : `${look.colour.light}2e` }]
      : [],
  );
}

/**
 * An exponential mean that forgets over a length of the axis, not over a number of points: lines
 * of which the page holds every tenth point look like those of which it holds all.
 *
 * @param {number[]} x
 * @param {(number | null)[]} y gaps stay gaps
 * @param {number} length
 */
export function smooth(x, y, length) {
  let mean = null;
  let before = x[0];
  return y.map((value, i) => {
    if (value == null) return value;
    mean = mean === null ? value : value + (mean - value) * Math.exp((before - x[i]) / length);
    before = x[i];
    return mean;
  });
}

/** A value in about four figures, always of much the same width. */
export function number(value) {
  if (value == null) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2);
  return value.toFixed(size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4);
}

export function last(values) {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] != null) return values[i];
  return null;
}

/**
 * A line that breaks at every gap. uPlot's own joins the ends of a gap narrower than a pixel, and
 * the step from one epoch's mean to the next would look like a value.
 */
export function broken(chart, i, from, to) {
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
export function isDark(element) {
  const [r, g, b] = (getComputedStyle(element).color.match(/[\d.]+/g) ?? [0, 0, 0]).map(Number);
  return 0.3 * r + 0.6 * g + 0.1 * b > 128;
}

export function count(values) {
  let known = 0;
  for (const value of values) if (value != null) known++;
  return known;
}

/** A value at an axis. */
export function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(0);
  return String(+value.toPrecision(4));
}
