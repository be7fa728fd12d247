// A box that stands for several calls of one shared layer or group: each of them with its shapes.

const MOST = 6; // calls told in a card

// Rows that differ from call to call.
const EACH = /^(Inputs?|Outputs?|Shared|Marked|Receptive field|(MACs|Memory) per sample)$/;

const valueOf = (node, word) =>
  node.rows.find(([label]) => label === word || label === `${word}s`)?.[1]?.replaceAll("\n", "; ") ?? "";

/**
 * The calls that a box stands for, in order.
 * @param {string} id what is drawn
 * @param {object} state the view's present picture and what is drawn as what
 * @returns {{id: string, text: string, takes: string, gives: string}[]} none for a box of one call
 */
export function callsOf(id, { picture, drawnAs }) {
  const ids = [id, ...[...drawnAs].filter(([, drawn]) => drawn === id).map(([other]) => other)];
  if (ids.length < 2) return [];
  return ids.flatMap((each, n) => {
    const node = picture.nodes[each];
    if (!node) return [];
    const text = `call ${n + 1} of ${ids.length}`;
    const shapes = { takes: valueOf(node, "Input"), gives: valueOf(node, "Output") };
    return [{ id: each, text, ...shapes, macs: valueOf(node, "MACs per sample") }];
  });
}

/** The card of a box; of one for several calls, with the shapes of each in place of the first's. */
export function cardOf(id, state) {
  const node = state.picture.nodes[id];
  const calls = callsOf(id, state);
  if (!calls.length) return node;
  const rest = node.rows.filter(([label]) => !EACH.test(label));
  const shown = calls.slice(0, MOST).map(({ text, takes, gives, macs }) => {
    const lines = [takes, `${takes ? "→ " : ""}${gives}`, macs && `${macs} MACs`];
    return [text[0].toUpperCase() + text.slice(1), lines.filter(Boolean).join("\n")];
  });
  if (calls.length > MOST) shown.push(["", `and ${calls.length - MOST} more calls`]);
  return { ...node, rows: [...shown, ...rest, ["Shared", `${calls.length} calls, the same weights`]] };
}
