// All calls and groups of a graph, asked for once the table or the search needs them.

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {boolean} group
 * @property {string} name
 * @property {string} type
 * @property {string} shape
 * @property {number | null} params
 * @property {number | null} macs
 * @property {number | null} memory
 * @property {number[] | "all" | null} field
 * @property {string[]} path ids of the groups around it, outermost first
 * @property {number} place where it comes in the graph
 * @property {string} text what a search looks at
 */

/** What the kernel sent, as rows; a group comes before its first call. */
function unpack({ calls, groups }) {
  const paths = [];
  groups.forEach(([, , , parent], n) => {
    paths[n] = parent === null ? [] : [...paths[parent], groups[parent][0]];
  });
  const first = new Map();
  const found = calls.map((call, place) => {
    const [id, name, type, shape, dtype, params, macs, memory, field, group] = call;
    const path = group === null ? [] : [...paths[group], groups[group][0]];
    for (const around of path) if (!first.has(around)) first.set(around, place);
    const text = [name, type, shape, shape.replaceAll(" × ", "x"), dtype].join(" ").toLowerCase();
    return { id, group: false, name, type, shape, params, macs, memory, field, path, place, text };
  });
  const folded = groups.map(([id, label, kind], n) => {
    const depth = paths[n].length / 1000;
    const place = (first.get(id) ?? 0) - 0.9 + depth;
    return { id, group: true, name: label, path: paths[n], place, text: `${label} ${kind}`.toLowerCase() };
  });
  const all = [...folded, ...found].sort((a, b) => a.place - b.place);
  return { calls: found, all, byId: new Map(all.map((row) => [row.id, row])) };
}

/**
 * @param {() => Promise<object>} ask
 */
export function createRows(ask) {
  let version; // of the graph that the rows are of
  let asked = null;
  return {
    /** Forget the rows of another graph; returns whether it is another one. */
    follow(newVersion) {
      if (newVersion === version) return false;
      version = newVersion;
      asked = null;
      return true;
    },
    /** @returns {Promise<{calls: Row[], all: Row[], byId: Map<string, Row>}>} */
    get() {
      asked ??= ask().then(unpack);
      asked.catch(() => (asked = null));
      return asked;
    },
  };
}
