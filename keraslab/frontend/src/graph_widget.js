// The view in a notebook: the kernel draws, one message brings each new picture.

import { createView } from "./view.js";
import { inflate } from "./view/inflate.js";

const SLOW = "The kernel is busy; this goes on as soon as it is free.";

function render({ model, el }) {
  const waiting = new Map(); // questions that the kernel has not answered yet
  let shown = null;
  let newest = 0;

  /** Ask the kernel; other views of this widget hear the answer too: the ticket says whose it is. */
  const question = (message) =>
    new Promise((resolve, reject) => {
      const ticket = crypto.getRandomValues(new Uint32Array(2)).join("-");
      waiting.set(ticket, { resolve, reject });
      model.send({ ...message, ticket });
    });

  const view = createView(el, {
    slow: SLOW,
    onOpen: (opened) => model.send({ type: "open", opened }),
    onLook: (look) => model.send({ type: "look", look }),
    onUndo: (all) => model.send({ type: "undo", all }),
    whatIf: (wanted) => question({ type: "what_if", ...wanted }),
    onSizes: (sizes) => model.send({ type: "sizes", sizes }),
    details: (id) => question({ type: "details", id }),
    rows: () => question({ type: "rows" }),
  });

  async function refresh() {
    const mine = ++newest;
    const bytes = model.get("picture");
    const fresh = bytes !== shown && bytes?.byteLength > 0;
    const picture = fresh ? await inflate(bytes).json() : null;
    if (mine !== newest) return; // a newer one came while this one was unpacked
    if (picture) {
      shown = bytes;
      view.update(picture);
    }
    view.status(model.get("status"));
  }

  async function answered({ type, ticket, details, error }, buffers) {
    const asked = ["details", "rows", "what_if"].includes(type) && waiting.get(ticket);
    if (!asked) return;
    waiting.delete(ticket);
    if (error) return asked.reject(new Error(error));
    if (type !== "rows") return asked.resolve(details);
    try {
      asked.resolve(await inflate(buffers[0]).json());
    } catch (trouble) {
      asked.reject(trouble);
    }
  }

  const showCode = () => view.code(model.get("code") ?? []);
  model.on("change:code", showCode);
  model.on("change:picture", refresh);
  model.on("change:status", refresh);
  model.on("msg:custom", answered);
  showCode();
  refresh();

  return () => {
    newest = Infinity;
    model.off("change:code", showCode);
    model.off("change:picture", refresh);
    model.off("change:status", refresh);
    model.off("msg:custom", answered);
    view.destroy();
  };
}

export default { render };
