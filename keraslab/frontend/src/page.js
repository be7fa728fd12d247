// A page of its own: the engine in it draws, so it needs neither kernel nor network.

import { createView } from "./view.js";
import { inflate } from "./view/inflate.js";

const data = JSON.parse(document.getElementById("keraslab-data").textContent);
const { graph, cards, details, name, totals, groups, opened, rows, svg } = data;
const { status, edges, fresh, loose, values, ...first } = data.look;
const shared = graph.calls.some((call) => call.count > 1);
let look = first;
let last = opened;

/** What is to be seen with these groups open: their own cards, and all that lies in them. */
function visible(open) {
  const shown = {};
  for (const [id, card] of Object.entries(cards)) {
    let around = card.parent;
    while (around && open.has(around)) around = cards[around].parent;
    if (!around) shown[id] = card;
  }
  return shown;
}

const picture = (open, drawn) => {
  const nodes = visible(new Set(open));
  const shown = { ...look, status: Boolean(status), measured: values?.title };
  return { name, totals, groups, shared, version: 1, opened: open, nodes, look: shown, svg: drawn };
};

/** The engine is large and not needed for the first picture: it starts with the first fold. */
async function engine() {
  if (!globalThis.keraslabEngine) {
    const packed = document.getElementById("keraslab-engine").textContent;
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const script = document.createElement("script");
    script.textContent = await inflate(bytes).text();
    document.head.append(script);
  }
  await keraslabEngine.start();
  return keraslabEngine;
}

let newest = 0;

async function redraw(open, wanted = look) {
  const mine = ++newest;
  try {
    const drawn = (await engine()).draw(graph, open, { ...wanted, status, edges, fresh, loose, values });
    if (mine !== newest) return;
    [look, last] = [wanted, open];
    view.update(picture(open, drawn));
    view.status({ kind: "ok" });
  } catch {
    globalThis.keraslabEngine?.stop(); // after an error its memory cannot be trusted
    view.status({ kind: "ok", message: "That is too much to draw; the last picture is shown." });
  }
}

const view = createView(document.getElementById("keraslab-view"), {
  page: true,
  onOpen: (open) => redraw(open),
  onLook: (change) => redraw(last, { ...look, ...change }),
  rows: async () => rows,
  details: async (id) => details[id],
});
view.update(picture(opened, svg));
