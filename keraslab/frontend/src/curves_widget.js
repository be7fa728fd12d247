// The live curves in a notebook: keeps the points of one widget, and shows them in its views.
import { Curves } from "./curves.js";
import "./curves.css";

/**
 * @param {DataView | ArrayBuffer} raw eight bytes a value
 * @returns {number[]}
 */
function doubles(raw) {
  const view = bytes(raw);
  return Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true));
}

/**
 * @param {DataView | ArrayBuffer} raw four bytes a value
 * @returns {(number | null)[]} null, a gap, for what is not a number
 */
function singles(raw) {
  const view = bytes(raw);
  return Array.from({ length: view.byteLength / 4 }, (_, i) => {
    const value = view.getFloat32(4 * i, true);
    return Number.isFinite(value) ? value : null;
  });
}

function bytes(raw) {
  return ArrayBuffer.isView(raw)
    ? new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    : new DataView(raw);
}

/** The plots of a snapshot, with numbers instead of bytes. */
function read(snapshot) {
  return (snapshot?.plots ?? []).map((plot) => ({
    ...plot,
    lines: plot.lines.map((line) => ({ ...line, x: doubles(line.x), y: singles(line.y) })),
  }));
}

/** One widget: called once per model, then `render` once per view of it. */
export default () => {
  let plots = [];
  let status = {};
  /** @type {Set<Curves>} */
  const views = new Set();
  /** The view that moves into the slot, and the slot's element while it lives there. */
  let moved = null;
  let slot = null;
  let watcher = null;

  const show = () => views.forEach((view) => view.show(plots, status));

  function append(model, message, buffers) {
    status = message.status ?? status;
    const lines = new Map(plots.flatMap((plot) => plot.lines.map((line) => [line.id, line])));
    message.lines.forEach(({ id, from, to }, i) => {
      const line = lines.get(id);
      if (!line || line.count < from) {
        model.send({ type: "ask" }); // something was missed while this page was loading
      } else if (line.count === from) {
        line.x.push(...doubles(buffers[2 * i]));
        line.y.push(...singles(buffers[2 * i + 1]));
        line.count = to;
      } // else: it came with a snapshot already
    });
    show();
  }

  function settle(model) {
    const name = model.get("slot");
    if (slot && !slot.classList.contains(name)) {
      slot.classList.remove("klc-live"); // an older picture stays where it was
      slot = null;
      if (moved) drop(moved);
      moved = null;
    }
    watcher?.disconnect();
    watcher = null;
    if (!name) return;
    const place = () => {
      const found = document.getElementsByClassName(name)[0];
      if (!found || (found === slot && moved?.root.parentElement === slot)) return;
      if (!moved) {
        moved = new Curves();
        views.add(moved);
        moved.show(plots, status);
      }
      slot = found;
      slot.classList.add("klc-live");
      slot.append(moved.root);
      moved.refresh();
    };
    // Before the page is painted again: the picture is never seen where the live view goes.
    watcher = new MutationObserver(place);
    watcher.observe(document.body, { childList: true, subtree: true });
    place();
  }

  function drop(view) {
    views.delete(view);
    view.destroy();
  }

  return {
    initialize({ model }) {
      const all = () => {
        plots = read(model.get("snapshot"));
        status = model.get("status") ?? {};
        show();
      };
      const told = () => {
        status = model.get("status") ?? {};
        show();
      };
      const heard = (message, buffers) => {
        if (message?.type === "append") append(model, message, buffers ?? []);
      };
      const moving = () => settle(model);
      model.on("change:snapshot", all);
      model.on("change:status", told);
      model.on("change:slot", moving);
      model.on("msg:custom", heard);
      all();
      moving();
      return () => {
        watcher?.disconnect();
        model.off("change:snapshot", all);
        model.off("change:status", told);
        model.off("change:slot", moving);
        model.off("msg:custom", heard);
        views.forEach(drop);
      };
    },

    render({ model, el }) {
      const view = new Curves();
      views.add(view);
      el.append(view.root);
      view.show(plots, status);
      return () => {
        // The output that held this view is about to become the slot: the view moves there,
        // with its scales, its zoom and what is hidden in it.
        if (model.get("slot") && !moved) moved = view;
        else if (view !== moved) drop(view);
      };
    },
  };
};
