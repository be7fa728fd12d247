// How variants are told apart: each has a colour, a dash and a shape, which the kernel chooses.
const SVG = "http://www.w3.org/2000/svg";

const PLUS = [
  [-0.4, -1.1], [0.4, -1.1], [0.4, -0.4], [1.1, -0.4], [1.1, 0.4], [0.4, 0.4],
  [0.4, 1.1], [-0.4, 1.1], [-0.4, 0.4], [-1.1, 0.4], [-1.1, -0.4], [-0.4, -0.4],
];

/** Corners of each shape by matplotlib's letter, for a radius of 1; what is not here is round. */
const SHAPES = {
  s: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
  "^": [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
  v: [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
  D: [[0, -1.25], [1.1, 0], [0, 1.25], [-1.1, 0]],
  P: PLUS,
  X: PLUS.map(([x, y]) => [0.71 * (x - y), 0.71 * (x + y)]),
};

/** The outline of a shape as the data of an SVG path, which a canvas takes too. */
export function outline(shape, x, y, r) {
  const corners = SHAPES[shape];
  if (!corners) return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  return `M${corners.map(([dx, dy]) => `${x + r * dx} ${y + r * dy}`).join("L")}Z`;
}

/** A piece of a variant's line, for legends; it takes the colour of its theme from the style sheet. */
export function swatch({ light, dark, dash, shape }) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("class", "klq-swatch");
  root.setAttribute("viewBox", "0 0 30 12");
  root.setAttribute("aria-hidden", "true");
  root.style.cssText = `--klq-light:${light};--klq-dark:${dark}`;
  for (const [d, fill] of [["M0 6H30", false], [outline(shape, 15, 6, 4), true]]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", fill ? "klq-filled" : "klq-stroked");
    if (!fill) path.setAttribute("stroke-dasharray", dash.join(" "));
    root.append(path);
  }
  return root;
}

/** The points of a line in its shape, about a dozen of them, as uPlot wants its paths. */
function points(shape, radius) {
  return (chart, i, from, to) => {
    const r = radius * devicePixelRatio;
    const { left, top, width, height } = chart.bbox;
    const [fill, clip] = [new Path2D(), new Path2D()];
    clip.rect(left - r, top - r, width + 2 * r, height + 2 * r);
    const [x, y] = [chart.data[0], chart.data[i]];
    const every = Math.max(1, Math.floor((to - from + 1) / 12));
    for (let at = from; at <= to; at += every) {
      if (y[at] == null) continue;
      const place = [chart.valToPos(x[at], "x", true), chart.valToPos(y[at], "y", true)];
      fill.addPath(new Path2D(outline(shape, ...place, r)));
    }
    return { stroke: null, fill, clip, flags: 3 };
  };
}

/** The looks of all lines of a plot of curves: of each variant its mean and the edges of its band. */
export function looksOf(variants) {
  return variants.flatMap(({ name, look }, i) => {
    const kind = String(i);
    const colour = { light: look.light, dark: look.dark };
    const edge = { label: "", width: 0, colour, with: kind };
    return [
      {
        kind, label: name, width: 2, dash: look.dash, colour,
        shape: points(look.shape, 3.5),
        swatch: () => swatch(look),
      },
      { ...edge, kind: `${kind}:high`, edge: "high" },
      { ...edge, kind: `${kind}:low`, edge: "low" },
    ];
  });
}
