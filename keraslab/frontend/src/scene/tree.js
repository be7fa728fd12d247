// Which groups are open, and which box stands for each call.

/**
 * @param {object} graph
 * @param {Iterable<string>} opened a group counts as open only when every group around it is
 */
export function treeOf(graph, opened) {
  const groups = new Map(graph.groups.map((group) => [group.id, group]));
  const wanted = new Set(opened);
  const paths = new Map([[null, []]]);
  /** The ids of the groups around, outermost first. */
  const around = (id) => {
    if (id === null || id === undefined || !groups.has(id)) return [];
    if (!paths.has(id)) paths.set(id, [...around(groups.get(id).parent), id]);
    return paths.get(id);
  };
  const standIn = new Map(); // call id -> "c " + its id, or "g " + the outermost closed group's
  const inside = new Map(); // group id -> all calls in it
  for (const call of graph.calls) {
    const path = around(call.group);
    const closed = path.find((id) => !wanted.has(id));
    standIn.set(call.id, closed === undefined ? `c ${call.id}` : `g ${closed}`);
    for (const id of path) {
      if (!inside.has(id)) inside.set(id, []);
      inside.get(id).push(call);
    }
  }
  /** Equal for the calls of one block or nested model. */
  const identity = (group) =>
    JSON.stringify([group.kind, group.label, group.count, inside.get(group.id)?.[0]?.layer]);
  return { groups, around, standIn, inside, identity };
}
