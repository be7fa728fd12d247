// The keyboard.

import { nearest, order } from "./walk.js";

const MOVES = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const TYPING = "input, select, textarea";

/**
 * @param {object} on
 * @param {ReturnType<typeof import("./camera.js").createCamera>} on.camera
 * @param {ReturnType<typeof import("./pane.js").createPane>} on.pane
 * @param {object} state the view's present svg, marks, current and picture
 * @param {object} acts
 * @returns {(event: KeyboardEvent) => boolean} whether the key was for the view
 */
export function createKeys({ camera, pane }, state, acts) {
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const closing = event.key === "Escape" && pane.open && pane.contains(event.target);
    if (event.target.matches?.(TYPING) && !closing) return false;
    const { svg, marks, current, picture } = state;
    if (event.key === "Escape") {
      acts.escape();
      return true;
    }
    if (event.key === "/") {
      acts.search();
      return true;
    }
    if (pane.open && pane.contains(event.target)) return false;
    if (event.key === "+" || event.key === "=") camera.zoom(1.25, null, true);
    else if (event.key === "-" || event.key === "_") camera.zoom(1 / 1.25, null, true);
    else if (event.key === "0") camera.fit(true);
    else if (!svg?.contains(event.target)) return false;
    else if (MOVES[event.key] && event.shiftKey) {
      camera.pan(...MOVES[event.key].map((step) => -60 * step), true);
    } else if (MOVES[event.key]) {
      const next = nearest(current, MOVES[event.key], marks, acts.boxOf);
      if (next) acts.focus(next);
    } else if (event.key === "Home") acts.focus(order(marks)[0]);
    else if (event.key === "End") acts.focus(order(marks).at(-1));
    else if (event.key === "Enter" || event.key === " ") acts.act(current);
    else if (event.key === "i") acts.details(current);
    else if (event.key === "f") {
      const around = picture.nodes[current]?.parent;
      if (around) acts.toggle(around);
    } else return false;
    return true;
  };
}
