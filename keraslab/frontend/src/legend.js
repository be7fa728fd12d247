// The legends under a drawing: what its colours mean, their unit and total.

import { INK, SIZE } from "./dot.js";
import { hatch } from "./ornaments.js";
import { widthOf, xml } from "./text.js";

const PAD = 10;
const ROW = 16;
const SWATCH = 14;
const NARROW = 430; // a legend may be wider than a narrow drawing,
const WIDE = 660; // and is broken into rows under a wide one

/** A legend as rows of words and swatches, no wider than `room` where it can be broken. */
function rowsOf(legend, room) {
  const size = SIZE.normal;
  const rows = [];
  let row = [];
  let x = 0;
  const put = (piece, width) => {
    if (row.length && x + width > room) {
      rows.push(row);
      [row, x] = [[], 0];
    }
    row.push({ ...piece, x });
    x += width;
  };
  if (legend.title) put({ text: legend.title, bold: true }, widthOf(`${legend.title}: `, size, true) + 4);
  if (legend.note) {
    for (const word of legend.note.split(" ")) put({ text: word }, widthOf(`${word} `, size));
    rows.push(row);
    [row, x] = [[], 0];
  }
  for (const stop of legend.stops) {
    put({ stop, text: stop.text }, SWATCH + 5 + widthOf(stop.text, size) + 14);
  }
  if (row.length) rows.push(row);
  return rows;
}

const DASHES = { dashed: ' stroke-dasharray="5,2"', dotted: ' stroke-dasharray="1.5,2.5"' };

function swatch({ fill, line = "#59636e", dashed, hatched, edge }, x, y) {
  const [left, right, top, bottom] = [x, x + SWATCH, y - 9, y + 2];
  if (edge) {
    return `<path fill="none" stroke="${line}" stroke-width="2"${DASHES[edge] ?? ""} d="M${left},${y - 4} L${right},${y - 4}"/>`;
  }
  const outline =
    `<path fill="${fill}" stroke="${line}"${dashed ? ' stroke-dasharray="3,2"' : ""} ` +
    `d="M${left},${top} L${right},${top} L${right},${bottom} L${left},${bottom}Z"/>`;
  return hatched ? outline + hatch(outline) : outline;
}

/** Neighbouring words become one text each row, so that it can be read and searched as such. */
function textsOf(row) {
  const texts = [];
  for (const piece of row) {
    const last = texts.at(-1);
    if (last && !piece.stop && !last.stop && !piece.bold && !last.bold) last.text += ` ${piece.text}`;
    else texts.push({ ...piece });
  }
  return texts;
}

/**
 * @param {object[]} legends
 * @param {{bottom: number, width: number}} above the drawing, which starts at x = 0
 * @returns {{svg: string, width: number, height: number}} nothing where there is no legend
 */
export function drawLegends(legends, { bottom, width }) {
  if (!legends.length) return { svg: "", width: 0, height: 0 };
  const whole = Math.min(WIDE, Math.max(NARROW, width));
  const room = whole - 2 * PAD;
  const left = Math.min(0, (width - whole) / 2);
  const rows = legends.flatMap((legend) => rowsOf(legend, room));
  const height = rows.length * ROW + PAD;
  const parts = [];
  rows.forEach((row, n) => {
    const y = bottom + (n + 1) * ROW - 3;
    for (const { x, text, stop, bold } of textsOf(row)) {
      const at = left + PAD + x;
      if (stop) parts.push(swatch(stop, at, y));
      const weight = bold ? ' font-weight="bold"' : "";
      const shown = xml(text);
      parts.push(`<text x="${(at + (stop ? SWATCH + 5 : 0)).toFixed(1)}" y="${y}" font-size="${SIZE.normal}"${weight} fill="${INK}">${shown}</text>`);
    }
  });
  // The interactive view writes it anew, as wide as itself, from these data.
  const svg =
    `<g class="legend" data-height="${height}" data-legend="${xml(JSON.stringify(legends))}">` +
    `${parts.join("")}</g>`;
  return { svg, width: whole, height };
}
