// A drawing made ready for the stage, and where its parts are on it.

import { takeLegend } from "./legend.js";
import { isOpen } from "./marks.js";
import { safeSvg } from "./safe.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {import("../view.js").Picture} picture
 * @returns {{svg: SVGSVGElement, layer: SVGGElement, size: {width: number, height: number},
 *   legend: HTMLElement[]}} `layer` holds all that moves
 */
export function readDrawing({ svg: text, name, totals }) {
  const svg = safeSvg(text);
  const [left, , width, height] = (svg.getAttribute("viewBox") ?? "0 0 100 100")
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const { rows: legend, height: below } = takeLegend(svg);
  for (const key of ["viewBox", "width", "height"]) svg.removeAttribute(key);
  svg.classList.add("klv-svg");
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", `Graph of ${name}. ${totals}. Arrow keys move along it.`);
  const layer = document.createElementNS(SVG, "g");
  layer.setAttribute("class", "klv-layer");
  layer.append(...svg.childNodes);
  svg.append(layer);
  // Without its legend, the drawing need not stand aside for it.
  return { svg, layer, size: { width: width + 2 * left, height: height - below }, legend };
}

/** Where a mark is, in pixels of the stage. */
export function placesOn(stage) {
  return {
    /** The middle of its upper edge. */
    topOf(mark) {
      const outer = stage.getBoundingClientRect();
      const box = mark.getBoundingClientRect();
      return { x: (box.left + box.right) / 2 - outer.left, y: box.top - outer.top };
    },

    /** Its box; of an open group, its title's. */
    boxOf(mark) {
      const outer = stage.getBoundingClientRect();
      const shown = (isOpen(mark) && mark.querySelector("text")) || mark;
      const box = shown.getBoundingClientRect();
      return {
        left: box.left - outer.left,
        right: box.right - outer.left,
        top: box.top - outer.top,
        bottom: box.bottom - outer.top,
      };
    },
  };
}
