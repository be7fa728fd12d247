// What changed between two graphs, or what a finding is about: a sign, a word and a colour for
// each box.

export const SIGNS = { added: "+", removed: "−", changed: "~", wrong: "✗", cause: "!", same: "" };
const STYLES = {
  added: { fill: "#dafbe1", line: "#1a7f37" },
  removed: { fill: "#ffebe9", line: "#cf222e" },
  changed: { fill: "#fff3b8", line: "#8a6100" },
  wrong: { fill: "#ffebe9", line: "#cf222e" },
  cause: { fill: "#fff3b8", line: "#8a6100" },
  same: { fill: "#f6f8fa", line: "#b1bac4" },
};
const WORDS = {
  added: "added",
  removed: "removed",
  changed: "changed",
  wrong: "goes wrong here",
  cause: "the cause",
  same: "the same",
};
const MARKS = ["wrong", "cause"];

const own = (status, id) => {
  const found = Object.hasOwn(status, id) ? status[id] : "same";
  return Object.hasOwn(STYLES, found) ? found : "same";
};

function tally(status, calls) {
  const counts = Object.fromEntries(Object.keys(SIGNS).map((kind) => [kind, 0]));
  for (const call of calls) counts[own(status, call.id)] += 1;
  return counts;
}

const signed = (counts) =>
  Object.keys(SIGNS)
    .filter((kind) => SIGNS[kind] && counts[kind])
    .map((kind) => (MARKS.includes(kind) ? SIGNS[kind] : `${SIGNS[kind]}${counts[kind]}`))
    .join(" ");

/** Mark a box with what happened to the calls in it. */
export function markStatus(node, calls, status) {
  const counts = tally(status, calls);
  const only = Object.keys(counts).filter((kind) => counts[kind]);
  // What goes wrong in a folded group must show on the group.
  const kind = only.length === 1 ? only[0] : (MARKS.find((mark) => counts[mark]) ?? "changed");
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

/**
 * An edge is gone or new with its ends, or by itself; only then it has a sign of its own.
 * @param {object[]} tensors the edges of the graph that are drawn as this one
 * @param {Record<string, string>} status
 * @param {Map<object, string>} marked of them those that came or went by themselves
 */
export function edgeStatus(tensors, status, marked) {
  const kinds = tensors.map((tensor) => {
    const ends = [own(status, tensor.source), own(status, tensor.target)];
    return marked.get(tensor) ?? ["removed", "added"].find((kind) => ends.includes(kind)) ?? "same";
  });
  const [kind] = kinds;
  const alone = tensors.map((tensor) => marked.get(tensor)).filter(Boolean);
  if (kinds.every((other) => other === kind)) {
    if (kind === "same") return null;
    return { kind, line: STYLES[kind].line, sign: alone.length ? SIGNS[kind] : "", words: WORDS[kind] };
  }
  if (!alone.length) return null;
  const counts = { added: 0, removed: 0 };
  for (const each of alone) counts[each] += 1;
  const sign = signed(counts);
  return { kind: "changed", line: STYLES.changed.line, sign, words: `${sign} of ${kinds.length}` };
}

/** The legend of a picture of changes. */
export function statusLegend(graph, { status, edges = {} }) {
  const counts = tally(status, graph.calls);
  const wires = { added: 0, removed: 0 };
  for (const kind of Object.values(edges)) wires[kind] += 1;
  const lines = Object.keys(wires).filter((kind) => wires[kind]);
  const marked = MARKS.filter((kind) => counts[kind]);
  if (marked.length) {
    const stops = marked.map((kind) => ({ ...STYLES[kind], text: `${SIGNS[kind]} ${WORDS[kind]}` }));
    return { title: "Finding", note: "", stops };
  }
  return {
    title: "Changes",
    note: "",
    stops: [
      ...["added", "removed", "changed", "same"].map((kind) => ({
        ...STYLES[kind],
        dashed: kind === "removed",
        text: `${SIGNS[kind]} ${counts[kind]} ${WORDS[kind]}`.trim(),
      })),
      ...lines.map((kind) => ({
        edge: kind === "removed" ? "dashed" : "solid",
        line: STYLES[kind].line,
        text: `${SIGNS[kind]} ${wires[kind]} ${wires[kind] === 1 ? "edge" : "edges"} ${WORDS[kind]}`,
      })),
    ],
  };
}
