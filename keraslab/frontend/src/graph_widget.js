// The view in a notebook: the kernel draws, one message brings each new picture.

import { createView } from "./view.js";
import { inflate } from "./view/inflate.js";

const SLOW = "The kernel is busy; this goes on as soon as it is free.";

function render({ model, el }) {
  const waiting = new Map(); // questions about details that the kernel has not answered yet
  let shown = null;
  let newest = 0;

  const view = createView(el, {
    slow: SLOW,
    onOpen: (opened) => model.send({ type: "open", opened }),
    details: (id) =>
      new Promise((resolve, reject) => {
        // Other views of this widget hear the answer too: the ticket says whose it is.
        const ticket = crypto.getRandomValues(new Uint32Array(2)).join("-");
        waiting.set(ticket, { resolve, reject });
        model.send({ type: "details", id, ticket });
      }),
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

  function answered({ type, ticket, details, error }) {
    const question = type === "details" && waiting.get(ticket);
    if (!question) return;
    waiting.delete(ticket);
    if (error) question.reject(new Error(error));
    else question.resolve(details);
  }

  model.on("change:picture", refresh);
  model.on("change:status", refresh);
  model.on("msg:custom", answered);
  refresh();

  return () => {
    newest = Infinity;
    model.off("change:picture", refresh);
    model.off("change:status", refresh);
    model.off("msg:custom", answered);
    view.destroy();
  };
}

export default { render };
