// Shared layers drawn once: the calls of one layer, or of one closed group, become one box
// wherever that makes no cycle.

const MOST_CLASSES = 300; // tried one by one; each costs a walk over the edges

/**
 * @param {object} graph
 * @param {ReturnType<typeof import("./tree.js").treeOf>} tree
 * @returns {{boxOf: Map<string, string>, apart: number}} the box that each box is drawn as, and
 *   how many shared layers or groups stay several boxes
 */
export function mergeShared(graph, tree) {
  const classes = new Map();
  const keys = new Set(tree.standIn.values());
  const calls = new Map(graph.calls.map((call) => [call.id, call]));
  for (const key of keys) {
    const item = (key[0] === "c" ? calls : tree.groups).get(key.slice(2));
    if (!(item.count > 1)) continue;
    const same = key[0] === "c" ? `layer ${item.layer}` : `group ${tree.identity(item)}`;
    if (!classes.has(same)) classes.set(same, []);
    classes.get(same).push(key);
  }
  const wanted = [...classes.values()].filter((members) => members.length > 1);
  const pairs = new Set();
  for (const edge of graph.edges) {
    const [from, to] = [tree.standIn.get(edge.source), tree.standIn.get(edge.target)];
    if (from !== to && from && to) pairs.add(JSON.stringify([from, to]));
  }
  const edges = [...pairs].map((pair) => JSON.parse(pair));

  const boxOf = new Map([...keys].map((key) => [key, key]));
  const join = (members, on) => members.forEach((key) => boxOf.set(key, on ? members[0] : key));
  wanted.forEach((members) => join(members, true));
  if (!wanted.length || acyclic(boxOf, edges)) return { boxOf, apart: 0 };
  wanted.forEach((members) => join(members, false));
  let apart = Math.max(0, wanted.length - MOST_CLASSES);
  for (const members of wanted.slice(0, MOST_CLASSES)) {
    join(members, true);
    if (acyclic(boxOf, edges)) continue;
    join(members, false);
    apart += 1;
  }
  return { boxOf, apart };
}

/** Whether the boxes can be put in an order in which every edge points forward. */
function acyclic(boxOf, edges) {
  const waits = new Map([...boxOf.values()].map((box) => [box, 0]));
  const after = new Map();
  for (const [source, target] of edges) {
    const [from, to] = [boxOf.get(source), boxOf.get(target)];
    if (from === to) return false;
    waits.set(to, waits.get(to) + 1);
    if (!after.has(from)) after.set(from, []);
    after.get(from).push(to);
  }
  const ready = [...waits].filter(([, left]) => left === 0).map(([box]) => box);
  let done = 0;
  while (ready.length) {
    const box = ready.pop();
    done += 1;
    for (const next of after.get(box) ?? []) {
      waits.set(next, waits.get(next) - 1);
      if (waits.get(next) === 0) ready.push(next);
    }
  }
  return done === waits.size;
}
