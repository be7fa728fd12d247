// The live curves in a notebook: keeps the points of one widget, and shows them in its views.
import { Curves } from "./curves.js";
import { doubles, singles } from "./bytes.js";
import { Slot } from "./slot.js";
import "./curves.css";

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
  const slot = new Slot(views, open, drop);

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

  function open() {
    const view = new Curves();
    views.add(view);
    view.show(plots, status);
    return view;
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
      const moving = () => slot.settle(model.get("slot"));
      model.on("change:snapshot", all);
      model.on("change:status", told);
      model.on("change:slot", moving);
      model.on("msg:custom", heard);
      all();
      moving();
      return () => {
        slot.settle(""); // the picture is seen again where the live view was
        model.off("change:snapshot", all);
        model.off("change:status", told);
        model.off("change:slot", moving);
        model.off("msg:custom", heard);
        views.forEach(drop);
      };
    },

    render({ model, el }) {
      const view = open();
      el.append(view.root);
      return () => slot.left(view, model.get("slot"));
    },
  };
};
