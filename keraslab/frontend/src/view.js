// The interactive picture of a graph. It knows nothing of kernels or engines: it shows a
// picture, says which groups should be open, and asks for details.

import { createCamera } from "./view/camera.js";
import { handle } from "./view/hand.js";
import { isOpen, lightEdges, nameMarks, widenEdges } from "./view/marks.js";
import { createCard, createPane, make } from "./view/pane.js";
import { safeSvg, safeTable } from "./view/safe.js";
import { nearest, order } from "./view/walk.js";

const SVG = "http://www.w3.org/2000/svg";
const SOON = 350; // milliseconds without a picture before saying so
const LONG = 2500;
const WHEEL = /mac/i.test(navigator.platform) ? "⌘ + wheel" : "Ctrl + wheel";

/**
 * @typedef {object} Card what is shown of one node
 * @property {string} title
 * @property {string} type
 * @property {[string, string][]} rows
 * @property {boolean} [group]
 * @property {string | null} parent the group around it
 *
 * @typedef {object} Picture
 * @property {string} name
 * @property {string} totals
 * @property {Record<string, Card>} nodes the visible nodes and the open groups, by id
 * @property {string[]} opened ids of the groups drawn open
 * @property {string[]} groups ids of all groups
 * @property {string} svg
 */

/**
 * @param {HTMLElement} element is emptied again by `destroy`
 * @param {object} options
 * @param {(opened: string[]) => void} options.onOpen asks for the picture with these groups
 *   open; `update` brings it
 * @param {(id: string) => Promise<object>} options.details
 * @param {boolean} [options.page] the view is the whole page: it takes the wheel for itself
 * @param {string} [options.slow] what to say when a picture takes long
 */
export function createView(element, { onOpen, details, page = false, slow = "Still drawing …" }) {
  const root = make("div", "klv");
  root.classList.toggle("klv-page", page);
  // JupyterLab's own shortcuts ("0 0" restarts the kernel) must not see our keys.
  root.dataset.lmSuppressShortcuts = "true";

  const bar = make("div", "klv-bar");
  const name = make("span", "klv-name");
  const totals = make("span", "klv-totals");
  const tools = make("div", "klv-tools");
  tools.setAttribute("role", "toolbar");
  tools.setAttribute("aria-label", "Picture");
  const button = (text, label, act) => {
    const made = make("button", "klv-button", text);
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    tools.append(made);
    return made;
  };
  const unfold = button("Unfold all", "Unfold all groups", () => ask(picture.groups));
  const fold = button("Fold all", "Fold all groups", () => ask([]));
  button("−", "Zoom out (key −)", () => camera.zoom(1 / 1.25, null, true));
  button("+", "Zoom in (key +)", () => camera.zoom(1.25, null, true));
  button("Fit", "Fit the whole graph (key 0)", () => camera.fit(true));
  bar.append(name, totals, tools);

  const banner = make("div", "klv-banner");
  banner.setAttribute("role", "status");
  banner.hidden = true;
  const middle = make("div", "klv-middle");
  const stage = make("div", "klv-stage");
  const note = make("div", "klv-note");
  note.setAttribute("role", "status");
  const instead = make("div", "klv-instead");
  instead.hidden = true;
  middle.append(stage);
  stage.append(note);
  root.append(bar, banner, middle, instead);
  element.append(root);

  const camera = createCamera(stage, page ? 1.3 : 1.2);
  const card = createCard(stage);
  const pane = createPane(middle, closeDetails);

  /** @type {Picture} */
  let picture = { name: "", totals: "", nodes: {}, opened: [], groups: [], svg: "" };
  let svg = null;
  let marks = new Map(); // id -> the <g> of the node or cluster
  let current = null; // the id that the Tab key reaches
  let selected = null;
  let wish = null; // what the next picture is to keep in place: {id, x, y}, or {rest: true}
  let timers = [];
  let autoHeight = 0;

  // ---- the picture ------------------------------------------------------------------

  function update(next) {
    const focused = svg?.contains(document.activeElement) ?? false;
    const parents = picture.nodes;
    const fresh = !svg;
    picture = next;
    bar.hidden = middle.hidden = false;
    settle();
    const drawn = safeSvg(next.svg);
    const box = (drawn.getAttribute("viewBox") ?? "0 0 100 100").trim().split(/[\s,]+/).map(Number);
    for (const key of ["viewBox", "width", "height"]) drawn.removeAttribute(key);
    drawn.classList.add("klv-svg");
    drawn.setAttribute("role", "group");
    drawn.setAttribute("aria-label", `Graph of ${next.name}. ${next.totals}. Arrow keys move along it.`);
    const layer = document.createElementNS(SVG, "g");
    layer.setAttribute("class", "klv-layer");
    layer.append(...drawn.childNodes);
    drawn.append(layer);
    card.hide();
    if (svg) svg.replaceWith(drawn);
    else stage.prepend(drawn);
    svg = drawn;
    const whole = camera.whole;
    camera.hold(layer, { width: box[2], height: box[3] });
    marks = nameMarks(svg, next.nodes);
    widenEdges(svg);
    grow();

    name.textContent = next.name;
    totals.textContent = next.totals;
    unfold.hidden = fold.hidden = next.groups.length === 0;
    const pressed = document.activeElement;
    unfold.disabled = next.groups.length === next.opened.length;
    fold.disabled = next.opened.length === 0;
    // A button that goes off would drop the focus, and the keys with it.
    if (pressed === unfold && unfold.disabled) fold.focus();
    if (pressed === fold && fold.disabled) unfold.focus();

    let here = wish?.id ?? current;
    while (here && !marks.has(here)) here = parents[here]?.parent ?? null;
    setCurrent(here ?? order(marks)[0] ?? null, focused);
    if (selected && !marks.has(selected)) closeDetails();
    else if (selected) marks.get(selected).classList.add("klv-selected");

    const followed = marks.get(wish?.id);
    if (followed) {
      const { x, y } = topOf(followed);
      camera.pan(wish.x - x, wish.y - y);
      camera.reveal(boxOf(followed));
    } else if (fresh || wish?.rest || camera.automatic || (whole && !camera.whole)) {
      camera.rest();
    }
    camera.find();
    wish = null;
  }

  /** The middle of a mark's upper edge, in pixels of the stage. */
  function topOf(mark) {
    const outer = stage.getBoundingClientRect();
    const box = mark.getBoundingClientRect();
    return { x: (box.left + box.right) / 2 - outer.left, y: box.top - outer.top };
  }

  /** The box of a mark, in pixels of the stage; of an open group, its title's. */
  function boxOf(mark) {
    const outer = stage.getBoundingClientRect();
    const shown = (isOpen(mark) && mark.querySelector("text")) || mark;
    const box = shown.getBoundingClientRect();
    return {
      left: box.left - outer.left,
      right: box.right - outer.left,
      top: box.top - outer.top,
      bottom: box.bottom - outer.top,
    };
  }

  /** Make the stage as high as the picture needs, within bounds; never lower than before. */
  function grow() {
    if (page || !stage.clientWidth) return;
    if (autoHeight && Math.abs(stage.offsetHeight - autoHeight) > 2) return; // a person's choice
    const wanted = Math.round(Math.min(560, Math.max(220, camera.wantedHeight())));
    if (wanted > autoHeight) {
      stage.style.height = `${wanted}px`;
      autoHeight = stage.offsetHeight;
    }
  }

  // ---- folding ----------------------------------------------------------------------

  function ask(opened, id = null) {
    const mark = marks.get(id);
    wish = mark ? { id, ...topOf(mark) } : { rest: true };
    waiting();
    onOpen(opened);
  }

  /** Say so when an answer takes long. */
  function waiting() {
    settle();
    timers.push(
      setTimeout(() => say("One moment …"), SOON),
      setTimeout(() => say(slow), LONG),
    );
  }

  function settle() {
    timers.forEach(clearTimeout);
    timers = [];
    say("");
  }

  function toggle(id) {
    const opened = new Set(picture.opened);
    if (opened.has(id)) opened.delete(id);
    else opened.add(id);
    ask([...opened], id);
  }

  function say(text) {
    note.textContent = text;
    note.classList.toggle("klv-on", text !== "");
  }

  // ---- details ----------------------------------------------------------------------

  async function openDetails(id) {
    marks.get(selected)?.classList.remove("klv-selected");
    selected = id;
    marks.get(id)?.classList.add("klv-selected");
    card.hide();
    const node = picture.nodes[id];
    pane.wait(node);
    camera.reveal(boxOf(marks.get(id)), pane.width);
    waiting();
    try {
      const found = await details(id);
      if (selected === id) pane.show(node, found);
    } catch (error) {
      if (selected === id) pane.fail(node, String(error?.message ?? error));
    }
    settle();
  }

  function closeDetails() {
    const inside = pane.open && root.querySelector(".klv-pane").contains(document.activeElement);
    marks.get(selected)?.classList.remove("klv-selected");
    selected = null;
    pane.hide();
    if (inside) marks.get(current)?.focus({ preventScroll: true });
  }

  function act(id) {
    if (picture.nodes[id]?.group) toggle(id);
    else openDetails(id);
  }

  // ---- hover and focus --------------------------------------------------------------

  /** The id under the pointer; the inside of an open group is not the group. */
  function idAt(target) {
    const mark = target.closest?.("[data-id]");
    if (!mark || !marks.has(mark.dataset.id)) return null;
    return isOpen(mark) && !target.closest("text") ? null : mark.dataset.id;
  }

  function showCard(id) {
    const mark = marks.get(id);
    if (!mark) return;
    lightEdges(svg, id);
    if (id === selected) return card.hide();
    const node = picture.nodes[id];
    const hint = node.group ? (isOpen(mark) ? "Click to fold" : "Click to unfold") : "";
    card.show({ ...node, hint }, boxOf(mark), pane.width);
  }

  /** What goes along an edge, beside the pointer. */
  function showEdge(edge, event) {
    const ends = [edge.dataset.source, edge.dataset.target];
    const [from, to] = ends.map((id) => picture.nodes[id]?.title ?? "");
    lightEdges(svg, null);
    edge.classList.add("klv-lit");
    const outer = stage.getBoundingClientRect();
    const [x, y] = [event.clientX - outer.left, event.clientY - outer.top];
    const rows = [["Tensor", edge.dataset.shape ?? ""]];
    const at = { left: x, right: x, top: y, bottom: y };
    card.show({ title: `${from} → ${to}`, type: "", rows }, at, pane.width);
  }

  function hideCard() {
    card.hide();
    lightEdges(svg, null);
  }

  function setCurrent(id, focus) {
    marks.get(current)?.setAttribute("tabindex", "-1");
    current = id;
    const mark = marks.get(id);
    if (!mark) return;
    mark.setAttribute("tabindex", "0");
    if (focus) mark.focus({ preventScroll: true });
  }

  stage.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch" || event.buttons) return;
    const id = idAt(event.target);
    const edge = event.target.closest?.(".edge");
    if (id) showCard(id);
    else if (edge) showEdge(edge, event);
    else hideCard();
  });
  stage.addEventListener("pointerleave", hideCard);
  stage.addEventListener("focusin", (event) => {
    const mark = event.target.closest("[data-id]");
    if (!mark?.matches(":focus-visible")) return;
    camera.reveal(boxOf(mark), pane.width);
    showCard(mark.dataset.id);
  });
  stage.addEventListener("focusout", hideCard);

  handle(stage, camera, {
    free: page,
    onStart: hideCard,
    onHint: () => {
      say(`${WHEEL} zooms, dragging moves the picture`);
      timers.push(setTimeout(() => say(""), 1800));
    },
    onClick: (target) => {
      const id = idAt(target);
      if (!id) return;
      setCurrent(id, true);
      act(id);
    },
  });

  // ---- keyboard ---------------------------------------------------------------------

  const MOVES = { ArrowDown: [0, 1], ArrowUp: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "Escape") {
      if (pane.open) closeDetails();
      card.hide();
      return true;
    }
    if (pane.open && root.querySelector(".klv-pane").contains(event.target)) return false;
    if (event.key === "+" || event.key === "=") camera.zoom(1.25, null, true);
    else if (event.key === "-" || event.key === "_") camera.zoom(1 / 1.25, null, true);
    else if (event.key === "0") camera.fit(true);
    else if (!svg?.contains(event.target)) return false;
    else if (MOVES[event.key] && event.shiftKey) {
      camera.pan(...MOVES[event.key].map((step) => -60 * step), true);
    } else if (MOVES[event.key]) {
      const next = nearest(current, MOVES[event.key], marks, boxOf);
      if (next) setCurrent(next, true);
    } else if (event.key === "Home") setCurrent(order(marks)[0], true);
    else if (event.key === "End") setCurrent(order(marks).at(-1), true);
    else if (event.key === "Enter" || event.key === " ") act(current);
    else if (event.key === "i") openDetails(current);
    else if (event.key === "f") {
      const around = picture.nodes[current]?.parent;
      if (around) toggle(around);
    } else return false;
    return true;
  }

  (page ? document : root).addEventListener("keydown", (event) => {
    if (key(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });

  // ---- size -------------------------------------------------------------------------

  stage.tabIndex = -1;
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (!svg || !stage.clientWidth) return;
    if (!width || camera.automatic) {
      grow();
      camera.rest();
    }
    width = stage.clientWidth;
  });
  resized.observe(stage);

  return {
    update,

    /**
     * @param {{kind: "ok" | "stale" | "failed", message?: string, table?: string}} status
     *   `stale`: the picture is of an earlier state; `failed`: there is none, a table instead.
     */
    status({ kind, message = "", table = "" }) {
      settle();
      root.classList.toggle("klv-stale", kind === "stale");
      root.classList.toggle("klv-failed", kind === "failed");
      banner.textContent = message;
      banner.hidden = message === "";
      bar.hidden = middle.hidden = kind === "failed" || !svg;
      instead.hidden = kind !== "failed";
      instead.replaceChildren(safeTable(kind === "failed" ? table : ""));
    },

    destroy() {
      settle();
      resized.disconnect();
      root.remove();
    },
  };
}
