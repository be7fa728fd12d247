// A drawing's legend, taken out of it so that it stays in sight while the drawing moves.

import { make } from "./pane.js";

const COLOUR = /^#[0-9a-f]{6}$/i;

const EDGES = new Set(["solid", "dashed", "dotted"]);

function keyOf({ text = "", fill = "", line = "", dashed = false, hatched = false, edge = "" }) {
  const key = make("span", "klv-key");
  const swatch = make("span", "klv-swatch");
  if (EDGES.has(edge)) {
    swatch.classList.add("klv-edge");
    swatch.style.borderTopStyle = edge;
  } else if (hatched) swatch.classList.add("klv-hatched");
  else if (COLOUR.test(fill)) swatch.style.background = fill;
  if (COLOUR.test(line)) swatch.style.borderColor = line;
  if (dashed) swatch.style.borderStyle = "dashed";
  key.append(swatch, make("span", "", String(text)));
  return key;
}

function rowOf({ title = "", note = "", stops = [] }) {
  const row = make("div", "klv-legend-row");
  if (title) row.append(make("b", "", String(title)));
  if (note) row.append(make("span", "", String(note)));
  row.append(...stops.map(keyOf));
  return row;
}

/**
 * Take the legend out of a drawing.
 * @param {SVGSVGElement} drawn
 * @returns {{rows: HTMLElement[], height: number}} its rows, and the height it took
 */
export function takeLegend(drawn) {
  drawn.querySelector(".paper")?.remove();
  const group = drawn.querySelector("g.legend");
  if (!group) return { rows: [], height: 0 };
  group.remove();
  try {
    const rows = JSON.parse(group.dataset.legend).map(rowOf);
    return { rows, height: Number(group.dataset.height) || 0 };
  } catch {
    return { rows: [], height: 0 };
  }
}
