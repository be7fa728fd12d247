// What changed between two graphs: a sign, a word and a colour for each box.

export const SIGNS = { added: "+", removed: "−", changed: "~", same: "" };
const STYLES = {
  added: { fill: "#dafbe1", line: "#1a7f37" },
  removed: { fill: "#ffebe9", line: "#cf222e" },
  changed: { fill: "#fff3b8", line: "#8a6100" },
  same: { fill: "#f6f8fa", line: "#b1bac4" },
};
const WORDS = { added: "added", removed: "removed", changed: "changed", same: "the same" };

const own = (status, id) => {
  const found = Object.hasOwn(status, id) ? status[id] : "same";
  return Object.hasOwn(STYLES, found) ? found : "same";
};

function tally(status, calls) {
  const counts = { added: 0, removed: 0, changed: 0, same: 0 };
  for (const call of calls) counts[own(status, call.id)] += 1;
  return counts;
}

const signed = (counts) =>
  ["added", "removed", "changed"].filter((kind) => counts[kind]).map((kind) => `${SIGNS[kind]}${counts[kind]}`).join(" ");

/** Mark a box with what happened to the calls in it. */
export function markStatus(node, calls, status) {
  const counts = tally(status, calls);
  const only = Object.keys(counts).filter((kind) => counts[kind]);
  const kind = only.length === 1 ? only[0] : "changed";
  Object.assign(node, { status: kind, fill: STYLES[kind].fill, line: STYLES[kind].line, plain: true });
  node.classes.push(`status-${kind}`);
  const [first] = node.lines;
  if (kind !== "same") node.lines[0] = { ...first, text: `${SIGNS[kind]} ${first.text}` };
  const changes = signed(counts);
  if (node.kind === "group" && changes) node.lines.push({ text: changes, role: "status" });
  node.title += `, ${WORDS[kind]}`;
}

/** The title of an open group says how much changed in it. */
export function statusNote(calls, status) {
  const changes = signed(tally(status, calls));
  return changes ? ` · ${changes}` : "";
}

/** An edge is gone or new with its ends. */
export function edgeStatus(tensors, status) {
  const kinds = tensors.map((tensor) => {
    const ends = [own(status, tensor.source), own(status, tensor.target)];
    return ["removed", "added"].find((kind) => ends.includes(kind)) ?? "same";
  });
  const [kind] = kinds;
  if (kind === "same" || kinds.some((other) => other !== kind)) return null;
  return { kind, line: STYLES[kind].line };
}

/** The legend of a picture of changes. */
export function statusLegend(graph, status) {
  const counts = tally(status, graph.calls);
  return {
    title: "Changes",
    note: "",
    stops: Object.keys(counts).map((kind) => ({
      ...STYLES[kind],
      dashed: kind === "removed",
      text: `${SIGNS[kind]} ${counts[kind]} ${WORDS[kind]}`.trim(),
    })),
  };
}
