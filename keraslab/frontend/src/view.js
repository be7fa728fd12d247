// The interactive picture of a graph. It knows nothing of kernels or engines: it shows a
// picture, says which groups should be open and how it should look, and asks for details.

import { createBar } from "./view/bar.js";
import { createCamera } from "./view/camera.js";
import { createCode } from "./view/code.js";
import { handle } from "./view/hand.js";
import { placesOn, readDrawing } from "./view/drawing.js";
import { createDetails } from "./view/details.js";
import { createHover } from "./view/hover.js";
import { createKeys } from "./view/keys.js";
import { lightKin, markHits, nameMarks, widenEdges } from "./view/marks.js";
import { createMinimap } from "./view/minimap.js";
import { createNote } from "./view/note.js";
import { createCard, createPane, make } from "./view/pane.js";
import { createRows } from "./view/rows.js";
import { safeTable } from "./view/safe.js";
import { createSearch } from "./view/search.js";
import { createSizes } from "./view/sizes.js";
import { createTable } from "./view/table.js";
import { order } from "./view/walk.js";
import { createWhatIf } from "./view/whatif.js";

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
 * @property {{overlay?: string | null, shapes?: boolean, once?: boolean, status?: boolean}} look
 * @property {boolean} [shared] whether any layer is called more than once
 * @property {object | null} [sizes] the fields for the inputs' sizes, where they can be changed
 * @property {number} [version] another one for another graph
 * @property {object | null} [changes] settings that were changed here, as text
 * @property {string} svg
 */

/**
 * @param {HTMLElement} element is emptied again by `destroy`
 * @param {object} options
 * @param {(opened: string[]) => void} options.onOpen asks for the picture with these groups
 *   open; `update` brings it
 * @param {(look: object) => void} options.onLook asks for the same picture in another look
 * @param {(sizes: object) => void} [options.onSizes] asks for other sizes of the inputs
 * @param {(id: string) => Promise<object>} options.details
 * @param {(wanted: object) => Promise<void>} [options.whatIf] asks for the graph with another
 *   setting of a layer; the error of a promise that fails says why there is none
 * @param {(all: boolean) => void} [options.onUndo] takes back the last of these, or all
 * @param {() => Promise<object>} options.rows all calls and groups, for table and search
 * @param {boolean} [options.page] the view is the whole page: it takes the wheel for itself
 * @param {string} [options.slow] what to say when a picture takes long
 */
export function createView(element, options) {
  const { onOpen, onLook, onSizes = () => {}, details, page = false } = options;
  const { whatIf = async () => {}, onUndo = () => {}, slow = "Still drawing …" } = options;
  const root = make("div", "klv");
  root.classList.toggle("klv-page", page);
  // JupyterLab's own shortcuts ("0 0" restarts the kernel) must not see our keys.
  root.dataset.lmSuppressShortcuts = "true";

  const state = {
    /** @type {Picture} */
    picture: { name: "", totals: "", nodes: {}, opened: [], groups: [], look: {}, svg: "" },
    svg: null,
    marks: new Map(), // id -> the <g> of the node or cluster
    drawnAs: new Map(), // id of a call drawn with another -> the id of that
    current: null, // the id that the Tab key reaches
    selected: null,
    hits: null, // what is searched for
  };
  let wish = null; // what the next picture is to keep or show: {id, x, y}, {rest}, or {go}
  let autoHeight = 0;

  const stage = make("div", "klv-stage");
  const camera = createCamera(stage, page ? 1.3 : 1.2);
  const note = createNote(stage, slow);
  const { topOf, boxOf } = placesOn(stage);
  const rows = createRows(options.rows);
  const search = createSearch({
    rows,
    onGo: (row) => go(row.id, row.path),
    onHits: (hits) => {
      state.hits = hits;
      markHits(state.svg, state.marks, state.drawnAs, hits);
      table.filter(hits);
    },
    onLeave: () => (state.marks.get(state.current) ?? stage).focus({ preventScroll: true }),
  });
  const sizes = createSizes((wanted) => {
    keepPlace();
    note.waiting();
    onSizes(wanted);
  });
  const bar = createBar({
    camera,
    fields: [sizes.element, search.element],
    onLook: (change) => {
      keepPlace();
      note.waiting();
      onLook(change);
    },
    onTable: async () => {
      const shown = table.toggle();
      bar.tableShown(table.open);
      await shown;
    },
    unfold: () => ask(state.picture.groups),
    fold: () => ask([]),
  });
  const tries = createWhatIf({
    async onTry(wanted) {
      keepPlace();
      note.waiting();
      try {
        await whatIf(wanted);
      } finally {
        note.settle();
      }
    },
    onUndo(all) {
      keepPlace();
      note.waiting();
      onUndo(all);
    },
  });
  const table = createTable({ rows, onPick: (row) => go(row.id, row.path, true) });

  const banner = make("div", "klv-banner");
  banner.setAttribute("role", "status");
  banner.hidden = true;
  const legend = make("div", "klv-legend");
  const middle = make("div", "klv-middle");
  const instead = make("div", "klv-instead");
  instead.hidden = true;
  const code = createCode(state);
  middle.append(stage);
  root.append(bar.element, banner, tries.bar, code.element, legend, middle, table.element, instead);
  element.append(root);

  const minimap = createMinimap(stage, camera);
  camera.watch(minimap.follow);
  const card = createCard(stage);
  const pane = createPane(middle, () => about.close(), (id) => follow(id), tries.form);
  const about = createDetails({ pane, card, camera, note }, state, { ask: details, choose, boxOf });
  const hover = createHover(stage, { card, pane, camera, code }, state, boxOf);

  function update(next) {
    const focused = state.svg?.contains(document.activeElement) ?? false;
    const parents = state.picture.nodes;
    const fresh = !state.svg;
    const other = next.version !== state.picture.version;
    state.picture = next;
    note.settle();
    const { svg: drawn, layer, size, legend: words } = readDrawing(next);
    legend.replaceChildren(...words);
    legend.hidden = !words.length;
    bar.element.hidden = middle.hidden = false;
    card.hide();
    if (state.svg) state.svg.replaceWith(drawn);
    else stage.prepend(drawn);
    state.svg = drawn;
    const whole = camera.whole;
    camera.hold(layer, size);
    Object.assign(state, nameMarks(drawn, next.nodes));
    widenEdges(drawn);
    grow();
    bar.show(next);
    sizes.show(next.sizes);
    tries.show(next.changes ?? null);

    let here = wish?.go ?? wish?.id ?? state.current;
    if (here !== null && here !== undefined) here = drawnId(here, parents);
    setCurrent(here ?? order(state.marks)[0] ?? null, focused);
    const kept = state.selected && state.marks.get(drawnId(state.selected, {}));
    if (kept) choose(state.selected);
    else if (state.selected) about.close();
    if (kept && other) about.again(drawnId(state.selected, {}));

    const followed = state.marks.get(wish?.id);
    if (followed) {
      const { x, y } = topOf(followed);
      camera.pan(wish.x - x, wish.y - y);
      camera.reveal(boxOf(followed));
    } else if (!wish?.go && (fresh || wish?.rest || camera.automatic || (whole && !camera.whole))) {
      camera.rest();
    }
    if (other) seeNewest();
    camera.find();
    minimap.redraw(state.marks);
    markHits(drawn, state.marks, state.drawnAs, state.hits);
    code.again();
    if (rows.follow(next.version) && !fresh) {
      search.again();
      table.refresh();
    }
    const { go: wanted, pick } = wish ?? {};
    wish = null;
    if (wanted) arrive(wanted, pick);
  }

  /** The id of the mark that stands for an id: its own, another call's, or a group's around. */
  function drawnId(id, parents) {
    let at = id;
    while (at !== null && at !== undefined && !state.marks.has(at)) {
      if (state.drawnAs.has(at)) return state.drawnAs.get(at);
      at = parents[at]?.parent ?? null;
    }
    return at ?? null;
  }

  /** Bring what is new into sight, unless a person has moved the picture. */
  function seeNewest() {
    const newest = camera.automatic && state.svg.querySelector(".node.fresh");
    if (newest) camera.reveal(boxOf(newest), pane.width, false);
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

  function ask(opened, id = null) {
    const mark = state.marks.get(id);
    wish = mark ? { id, ...topOf(mark) } : { rest: true };
    note.waiting();
    onOpen(opened);
  }

  /** Another look of the same graph leaves what one looks at where it is. */
  function keepPlace() {
    const mark = camera.automatic ? null : state.marks.get(state.current);
    wish = mark ? { id: state.current, ...topOf(mark) } : { rest: true };
  }

  /** Show a call or group, opening what is around it; `pick` selects it too. */
  function go(id, path, pick = false) {
    const shut = path.filter((group) => !state.picture.opened.includes(group));
    if (!shut.length) return arrive(id, pick);
    wish = { go: id, pick };
    note.waiting();
    onOpen([...new Set([...state.picture.opened, ...path])]);
  }

  async function follow(id) {
    if (state.marks.has(drawnId(id, {}))) return arrive(id, true);
    const row = (await rows.get()).byId.get(id);
    if (row) go(id, row.path, true);
  }

  function arrive(id, pick) {
    const drawn = drawnId(id, state.picture.nodes);
    const mark = state.marks.get(drawn);
    if (!mark) return;
    setCurrent(drawn, false);
    camera.reveal(boxOf(mark), pane.width);
    for (const found of state.svg.querySelectorAll(".klv-found")) found.classList.remove("klv-found");
    mark.classList.add("klv-found");
    if (!pick) return;
    if (pane.open) about.open(drawn, id);
    else choose(id);
  }

  function toggle(id) {
    const opened = new Set(state.picture.opened);
    if (opened.has(id)) opened.delete(id);
    else opened.add(id);
    ask([...opened], id);
  }

  /** Mark a call or group as the selected one; none for null. */
  function choose(id) {
    for (const old of state.svg?.querySelectorAll(".klv-selected") ?? []) {
      old.classList.remove("klv-selected");
    }
    state.selected = id;
    const mark = id === null ? undefined : state.marks.get(drawnId(id, {}));
    mark?.classList.add("klv-selected");
    lightKin(state.svg, mark);
    table.select(id);
  }

  function act(id) {
    if (state.picture.nodes[id]?.group) toggle(id);
    else about.open(id);
  }

  function setCurrent(id, focus) {
    state.marks.get(state.current)?.setAttribute("tabindex", "-1");
    state.current = id;
    const mark = state.marks.get(id);
    if (!mark) return;
    mark.setAttribute("tabindex", "0");
    if (focus) mark.focus({ preventScroll: true });
  }

  handle(stage, camera, {
    free: page,
    onStart: hover.hide,
    onHint: () => note.hint(`${WHEEL} zooms, dragging moves the picture`),
    onClick: (target) => {
      const id = hover.idAt(target);
      if (!id) return;
      setCurrent(id, true);
      act(id);
    },
  });

  // A screen reader may put the focus on any node.
  stage.addEventListener("focusin", (event) => {
    const id = event.target.closest("[data-id]")?.dataset.id;
    if (id !== undefined && id !== state.current && state.marks.has(id)) setCurrent(id, false);
  });

  const key = createKeys({ camera, pane }, state, {
    boxOf,
    act,
    toggle,
    details: about.open,
    focus: (id) => setCurrent(id, true),
    search: search.focus,
    escape: () => {
      if (pane.open || state.selected !== null) about.close();
      card.hide();
    },
  });
  const listen = (event) => {
    if (!key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const ears = page ? document : root;
  ears.addEventListener("keydown", listen);

  stage.tabIndex = -1;
  let width = 0;
  const resized = new ResizeObserver(() => {
    if (!state.svg || !stage.clientWidth) return;
    if (!width || camera.automatic) {
      grow();
      camera.rest();
      seeNewest();
    }
    width = stage.clientWidth;
    minimap.follow();
  });
  resized.observe(stage);

  return {
    update,

    /** @param {import("./view/code.js").Line[]} lines the code that made the graph */
    code: code.show,

    /**
     * @param {{kind: "ok" | "stale" | "failed", message?: string, table?: string}} status
     *   `stale`: the picture is of an earlier state; `failed`: there is none, a table instead.
     */
    status({ kind, message = "", table: markup = "" }) {
      note.settle();
      root.classList.toggle("klv-stale", kind === "stale");
      root.classList.toggle("klv-failed", kind === "failed");
      banner.textContent = message;
      banner.hidden = message === "";
      const gone = kind === "failed" || !state.svg;
      bar.element.hidden = middle.hidden = gone;
      if (gone) {
        legend.hidden = true;
        table.toggle(false);
        bar.tableShown(false);
      }
      instead.hidden = kind !== "failed";
      instead.replaceChildren(safeTable(kind === "failed" ? markup : ""));
    },

    destroy() {
      note.settle();
      code.destroy();
      sizes.destroy();
      ears.removeEventListener("keydown", listen);
      resized.disconnect();
      root.remove();
    },
  };
}
