// What the pointer or the focus rests on: its card, its edges, the other calls of its layer.

import { cardOf } from "./calls.js";
import { isOpen, lightEdges, lightKin } from "./marks.js";

/**
 * @param {HTMLElement} stage
 * @param {object} parts the card, the pane, the camera and the code
 * @param {object} state the view's present svg, marks, selected and picture
 * @param {(mark: Element) => object} boxOf
 */
export function createHover(stage, { card, pane, camera, code }, state, boxOf) {
  /** The id under the pointer; the inside of an open group is not the group. */
  function idAt(target) {
    const mark = target.closest?.("[data-id]");
    if (!mark || !state.marks.has(mark.dataset.id)) return null;
    return isOpen(mark) && !target.closest("text") ? null : mark.dataset.id;
  }

  function show(id) {
    const mark = state.marks.get(id);
    if (!mark) return;
    lightEdges(state.svg, id);
    lightKin(state.svg, mark);
    code.point(id);
    if (id === state.selected && pane.open) return card.hide();
    const node = cardOf(id, state);
    const hint = node.group ? (isOpen(mark) ? "Click to fold" : "Click to unfold") : "";
    card.show({ ...node, hint }, boxOf(mark), pane.width);
  }

  /** What goes along an edge, beside the pointer. */
  function showEdge(edge, event) {
    const ends = [edge.dataset.source, edge.dataset.target];
    const [from, to] = ends.map((id) => state.picture.nodes[id]?.title ?? "");
    lightEdges(state.svg, null);
    edge.classList.add("klv-lit");
    const outer = stage.getBoundingClientRect();
    const [x, y] = [event.clientX - outer.left, event.clientY - outer.top];
    const rows = [["Tensor", edge.dataset.shape ?? ""]];
    if (edge.classList.contains("masked")) rows.push(["Masked", "a mask says which steps are padding"]);
    if (edge.dataset.change) rows.push(["Change", edge.dataset.change]);
    const at = { left: x, right: x, top: y, bottom: y };
    card.show({ title: `${from} → ${to}`, type: "", rows }, at, pane.width);
  }

  function hide() {
    card.hide();
    code.point(null);
    lightEdges(state.svg, null);
    lightKin(state.svg, state.marks.get(state.selected));
  }

  stage.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    const id = idAt(event.target);
    const edge = event.target.closest?.(".edge");
    if (id) show(id);
    else if (edge) showEdge(edge, event);
    else hide();
  });
  stage.addEventListener("pointerleave", hide);
  stage.addEventListener("focusin", (event) => {
    const mark = event.target.closest("[data-id]");
    if (!mark?.matches(":focus-visible")) return;
    camera.reveal(boxOf(mark), pane.width);
    show(mark.dataset.id);
  });
  stage.addEventListener("focusout", hide);
  return { idAt, hide };
}
