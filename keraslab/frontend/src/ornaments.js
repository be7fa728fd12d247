// What a box carries beyond its outline.

/** The box of an outline that Graphviz drew. */
function boxOf(outline) {
  const text = / (?:d|points)="([^"]*)"/.exec(outline)[1];
  const points = Array.from(text.matchAll(/(-?[\d.]+),(-?[\d.]+)/g), ([, x, y]) => [+x, +y]);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return {
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
  };
}

const ROUND = 8;

/** A rounded box with a third of the points that Graphviz spends on it. */
export function rounded(outline) {
  const { left, right, top, bottom } = boxOf(outline);
  const r = Math.min(ROUND, (right - left) / 2, (bottom - top) / 2);
  const at = (x, y) => `${+x.toFixed(1)},${+y.toFixed(1)}`;
  const d =
    `M${at(left + r, top)}L${at(right - r, top)}Q${at(right, top)} ${at(right, top + r)}` +
    `L${at(right, bottom - r)}Q${at(right, bottom)} ${at(right - r, bottom)}` +
    `L${at(left + r, bottom)}Q${at(left, bottom)} ${at(left, bottom - r)}` +
    `L${at(left, top + r)}Q${at(left, top)} ${at(left + r, top)}Z`;
  return outline.replace(/ d="[^"]*"/, ` d="${d}"`);
}

/** Two cards behind a box: several alike parts. */
export function stack(outline) {
  const behind = (shift) =>
    outline.replace(/^<(path|polygon)/, `<$1 class="behind" transform="translate(${shift} ${-shift})"`);
  return `${behind(6)}\n${behind(3)}`;
}

/** Oblique lines over a box: its value is unknown. */
export function hatch(outline) {
  const { left, right, top, bottom } = boxOf(outline);
  const height = bottom - top;
  const lines = [];
  for (let start = left - height + 6; start < right; start += 7) {
    // From (start, bottom) upwards to the right, cut at the sides.
    const x1 = Math.max(start, left + 1);
    const x2 = Math.min(start + height, right - 1);
    if (x2 <= x1) continue;
    const y = (x) => bottom - (x - start);
    lines.push(`M${x1.toFixed(1)},${y(x1).toFixed(1)}L${x2.toFixed(1)},${y(x2).toFixed(1)}`);
  }
  return `<path class="hatch" fill="none" stroke="#d0d5dc" stroke-width="0.8" d="${lines.join("")}"/>`;
}

/** A glow around a box. */
export function halo(outline, colour) {
  return outline
    .replace(/^<(path|polygon)/, '<$1 class="halo"')
    .replace(/ (?:fill|stroke|stroke-width|stroke-dasharray)="[^"]*"/g, "")
    .replace(/\/>$/, ` fill="none" stroke="${colour}" stroke-width="9" stroke-opacity="0.7"/>`);
}
