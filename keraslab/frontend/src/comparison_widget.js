// A comparison in a notebook: keeps what the kernel sends, and shows it in its views.
import { doubles, singles } from "./bytes.js";
import { Comparison } from "./comparison.js";
import { Slot } from "./slot.js";
import "./comparison.css";

/** The curves with numbers instead of bytes; a band's lines share their x. */
function read(curves) {
  return (curves?.values ?? []).map(({ name, loss, sides }) => ({
    name,
    loss,
    sides: sides.map((bands) =>
      bands.flatMap(({ variant, x, mean, low, high }) => {
        const at = doubles(x);
        const line = (kind, y) => ({ id: kind, kind, x: at, y: singles(y) });
        return [
          line(`${variant}`, mean),
          line(`${variant}:high`, high),
          line(`${variant}:low`, low),
        ];
      }),
    ),
  }));
}

/** One widget: called once per model, then `render` once per view of it. */
export default () => {
  let curves = [];
  let kernel = null;
  let model = null;
  /** @type {Set<Comparison>} */
  const views = new Set();
  const slot = new Slot(views, open, drop);

  const tell = (view) => view.show(model.get("state") ?? {}, curves, model.get("failures") ?? []);
  const show = () => views.forEach(tell);

  /** The element of another widget: a new view of it. */
  async function picture(id) {
    const manager = model.widget_manager;
    if (!manager) return null;
    const view = await manager.create_view(await manager.get_model(id));
    return view.el;
  }

  function open() {
    const view = new Comparison(kernel);
    views.add(view);
    tell(view);
    return view;
  }

  function drop(view) {
    views.delete(view);
    view.destroy();
  }

  return {
    initialize({ model: given }) {
      model = given;
      kernel = {
        stop: () => model.send({ type: "stop" }),
        diff: (a, b) => model.send({ type: "diff", a, b }),
        picture,
      };
      const drawn = () => {
        curves = read(model.get("curves"));
        show();
      };
      const heard = (message) => {
        if (message?.type === "diff") views.forEach((view) => view.diff.answered(message));
      };
      const moving = () => slot.settle(model.get("slot"));
      const events = {
        "change:curves": drawn,
        "change:state": show,
        "change:failures": show,
        "change:slot": moving,
        "msg:custom": heard,
      };
      for (const [event, handler] of Object.entries(events)) model.on(event, handler);
      drawn();
      moving();
      return () => {
        slot.settle(""); // the picture is seen again where the live view was
        for (const [event, handler] of Object.entries(events)) model.off(event, handler);
        views.forEach(drop);
      };
    },

    render({ model: given, el }) {
      model = given;
      const view = open();
      el.append(view.root);
      return () => slot.left(view, given.get("slot"));
    },
  };
};
