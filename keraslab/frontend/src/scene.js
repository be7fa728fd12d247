// What a picture holds: nodes, clusters and edges of a graph with some groups open.

import { sharedColour } from "./families.js";
import { describeCall, describeGroup, groupName, shapesText } from "./scene/describe.js";
import { freshLegends, freshNote, markFresh } from "./scene/fresh.js";
import { markMasked, maskLegends } from "./scene/masks.js";
import { mergeShared } from "./scene/once.js";
import { overlayOf, paint, valuesOf } from "./scene/overlay.js";
import { edgeStatus, markStatus, statusLegend, statusNote } from "./scene/status.js";
import { treeOf } from "./scene/tree.js";
import { clean, shapeText, shorten } from "./text.js";

/**
 * @typedef {object} Look how a graph is drawn
 * @property {string} [overlay] what colours the boxes: params, macs, memory, receptive_field,
 *   dtype or trainable
 * @property {boolean} [shapes] shapes on the edges
 * @property {boolean} [once] shared layers drawn once, where that makes no cycle
 * @property {Record<string, string>} [status] added, removed, changed or same, by call
 * @property {Record<string, string>} [edges] added or removed, by the edge's place in the graph
 * @property {object} [values] measured values that colour the boxes where no overlay does
 * @property {string[]} [fresh] ids of the calls that are new
 * @property {string[]} [loose] ids of the calls that give what goes nowhere yet
 */

/**
 * The picture of `graph` with the groups of ids `opened` drawn open.
 * @param {object} graph
 * @param {Iterable<string>} opened a group counts as open only when all around it are open too
 * @param {Look} [look]
 */
export function sceneOf(graph, opened, look = {}) {
  const tree = treeOf(graph, opened);
  const { boxOf, apart } = look.once ? mergeShared(graph, tree) : { boxOf: null, apart: 0 };
  const plan = { graph, tree, look, boxOf, keyOf: keysOf(tree, boxOf) };
  const nodes = nodesOf(plan);
  const { clusters, loose } = clustersOf(plan, nodes);
  const edges = edgesOf(plan, nodes);
  const overlay = look.status ? null : colouringOf(look, graph);
  const legends = [];
  if (overlay) {
    for (const node of nodes.values()) paint(node, overlay.measure(node.holds));
    legends.push(overlay.legend);
  }
  if (look.status) {
    for (const node of nodes.values()) markStatus(node, node.holds.calls, look.status);
    legends.push(statusLegend(graph, look));
  }
  const [fresh, ends] = [new Set(look.fresh), new Set(look.loose)];
  if (fresh.size || ends.size) {
    for (const node of nodes.values()) markFresh(node, node.holds.calls, fresh, ends);
    legends.push(...freshLegends([...nodes.values()]));
  }
  legends.push(...maskLegends([...nodes.values()], edges));
  if (apart) {
    const what = apart === 1 ? "1 shared layer stays" : `${apart} shared layers stay`;
    legends.push({ title: "", note: `${what} several boxes: as one they would make a cycle`, stops: [] });
  }
  return { name: graph.name, nodes: [...nodes.values()], loose, clusters, edges, legends };
}

/** What a person chose to see; else the values that were measured, where there are some. */
function colouringOf({ overlay, values }, graph) {
  return overlayOf(overlay, graph) ?? (values ? valuesOf(values, graph) : null);
}

/** The box of every call. */
function keysOf(tree, boxOf) {
  if (!boxOf) return tree.standIn;
  return new Map([...tree.standIn].map(([id, key]) => [id, boxOf.get(key)]));
}

/** The tensors that leave each box. */
function leavingOf({ graph, keyOf }) {
  const leaving = new Map();
  const leave = (key, source, index, spec) => {
    if (!leaving.has(key)) leaving.set(key, new Map());
    leaving.get(key).set(`${index} ${source}`, spec);
  };
  const callById = new Map(graph.calls.map((call) => [call.id, call]));
  for (const edge of graph.edges) {
    const source = keyOf.get(edge.source);
    if (source !== keyOf.get(edge.target)) leave(source, edge.source, edge.source_index, edge);
  }
  for (const port of graph.outputs) {
    const spec = callById.get(port.call)?.outputs[port.index];
    if (spec) leave(keyOf.get(port.call), port.call, port.index, spec);
  }
  return leaving;
}

function portsBy(ports, keyOf) {
  const found = new Map();
  for (const port of ports) {
    const key = keyOf.get(port.call);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(port);
  }
  return (key) => found.get(key) ?? [];
}

/** The boxes by key, in the order of the calls. */
function nodesOf(plan) {
  const { graph, tree, keyOf } = plan;
  const numbers = new Map(graph.calls.map((call, number) => [call.id, number]));
  const indices = new Map(graph.groups.map((group, index) => [group.id, index]));
  const members = new Map(); // box -> the calls or closed groups drawn as it
  for (const call of graph.calls) {
    const key = keyOf.get(call.id);
    const own = tree.standIn.get(call.id);
    if (!members.has(key)) members.set(key, new Map());
    members.get(key).set(own, own[0] === "c" ? call : tree.groups.get(own.slice(2)));
  }
  const leaving = leavingOf(plan);
  const inputsOf = portsBy(graph.inputs, keyOf);
  const callById = new Map(graph.calls.map((call) => [call.id, call]));
  const masked = ({ call, index }) => Boolean(callById.get(call)?.outputs[index]?.masked);
  const outputsOf = portsBy(
    graph.outputs.map((port) => ({ ...port, masked: masked(port) })),
    keyOf,
  );
  const nodes = new Map();
  const colours = new Map();
  for (const [key, held] of members) {
    const items = [...held.values()];
    const [item] = items;
    const outputs = outputsOf(key);
    let node;
    if (key[0] === "c") {
      const ports = { inputs: inputsOf(key), outputs };
      node = describeCall(items, `n${numbers.get(item.id)}`, tree.groups, ports);
      node.holds = { calls: items, group: null, merged: items.length > 1 };
      if (item.count > 1) node.shared = `layer ${item.layer}`;
    } else {
      const specs = [...(leaving.get(key)?.values() ?? [])];
      const calls = items.flatMap((group) => tree.inside.get(group.id));
      const size = tree.inside.get(item.id).length;
      node = describeGroup(items, `ng${indices.get(item.id)}`, size, specs, outputs);
      node.holds = { calls, group: item, merged: items.length > 1 };
      if (item.count > 1) node.shared = `group ${tree.identity(item)}`;
    }
    node.parent = parentOf(items, key, tree);
    if (items.length > 1) node.also = items.slice(1).map((other) => other.id);
    // With shapes on the edges, a box repeats its own only where no edge says it.
    if (plan.look.shapes && leaving.has(key) && !outputs.length) {
      node.lines = node.lines.filter((line) => line.role !== "shape");
    }
    if (node.shared) {
      if (!colours.has(node.shared)) colours.set(node.shared, sharedColour(colours.size));
      node.line = colours.get(node.shared);
      node.classes.push("shared");
    }
    if (outputs.length) node.classes.push("output");
    node.masked = outputs.some((port) => port.masked);
    nodes.set(key, node);
  }
  return nodes;
}

/** The group that a box stands in; of several drawn as one, the first's, or what is around all. */
function parentOf(items, key, tree) {
  const paths = items.map((item) => tree.around(key[0] === "c" ? item.group : item.parent));
  const [first, ...rest] = paths;
  const named = (path) => JSON.stringify(path.map((id) => tree.identity(tree.groups.get(id))));
  if (rest.every((path) => named(path) === named(first))) return first.at(-1) ?? null;
  let depth = 0;
  while (depth < first.length && rest.every((path) => path[depth] === first[depth])) depth += 1;
  return first[depth - 1] ?? null;
}

/** The open groups, nested, with their nodes; and the nodes in none. */
function clustersOf({ graph, tree, look }, nodes) {
  const clusters = [];
  const clusterById = new Map();
  const indices = new Map(graph.groups.map((group, index) => [group.id, index]));
  const place = (id) => {
    if (id === null || !tree.groups.has(id)) return null;
    if (clusterById.has(id)) return clusterById.get(id);
    const group = tree.groups.get(id);
    const cluster = {
      id: `c${indices.get(id)}`,
      dataId: id,
      group,
      nodes: [],
      children: [],
    };
    if (group.count > 1) cluster.shared = `group ${tree.identity(group)}`;
    clusterById.set(id, cluster);
    const parent = place(group.parent ?? null);
    cluster.depth = parent ? parent.depth + 1 : 0;
    (parent ? parent.children : clusters).push(cluster);
    return cluster;
  };
  const loose = [];
  for (const node of nodes.values()) (place(node.parent)?.nodes ?? loose).push(node);
  const drawn = new Map();
  for (const { shared } of clusterById.values()) drawn.set(shared, (drawn.get(shared) ?? 0) + 1);
  for (const cluster of clusterById.values()) {
    const { group, shared } = cluster;
    const calls = tree.inside.get(group.id);
    // Short, as edges run over it: "shared" stands on the nodes inside.
    let badge = "";
    if (group.count > 1) {
      const alone = look.once && drawn.get(shared) === 1;
      badge = alone ? ` · ${group.count} calls` : ` · call ${group.index + 1} of ${group.count}`;
    }
    const changes = look.status ? statusNote(calls, look.status) : "";
    const note = changes + (look.fresh?.length ? freshNote(calls, new Set(look.fresh)) : "");
    cluster.lines = [{ text: `▾ ${groupName(group)}${badge}${note}`, role: "type" }];
    cluster.title = `${clean(group.label)}${badge}, ${calls.length} calls, unfolded`;
  }
  return { clusters, loose };
}

/** Each edge between two calls, one for each pair where a group or merged calls take part. */
function edgesOf({ graph, keyOf, look }, nodes) {
  const edges = [];
  const merged = new Map();
  const callById = new Map(graph.calls.map((call) => [call.id, call]));
  const joined = (key) => nodes.get(key).holds.merged;
  const marked = new Map(); // edges that came or went by themselves, not with one of their ends
  for (const [place, edge] of graph.edges.entries()) {
    const kind = look.edges?.[place];
    if (kind) marked.set(edge, kind);
    const [from, to] = [keyOf.get(edge.source), keyOf.get(edge.target)];
    if (from === to || !nodes.has(from) || !nodes.has(to)) continue;
    const plain = from[0] === "c" && to[0] === "c";
    // A layer drawn once keeps an edge for each of its calls, but for those between two such.
    const both = joined(from) && joined(to);
    const either = joined(from) !== joined(to);
    const via = either ? callOf(edge, joined(from), callById, nodes, from, to) : null;
    const pair = JSON.stringify([from, to, via]);
    let item = plain && !both && !either ? undefined : merged.get(pair);
    if (!item) {
      item = { id: `e${edges.length}`, source: nodes.get(from), target: nodes.get(to), tensors: new Map() };
      item.via = via;
      edges.push(item);
      if (!(plain && !both && !either)) merged.set(pair, item);
    }
    item.plain = plain;
    // The same tensor may go the same way in both of two graphs, and twice in one of them.
    const came = marked.get(edge) ?? "";
    item.tensors.set(`${edge.source_index} ${edge.source} ${came}`, edge);
  }
  for (const edge of edges) {
    const tensors = [...edge.tensors.values()];
    const [tensor] = tensors;
    const texts = [];
    if (edge.via !== null) texts.push(`call ${edge.via}`);
    if (tensors.length > 1) texts.push(`${tensors.length} tensors`);
    else {
      if (edge.plain && tensor.key !== null && tensor.key !== undefined) texts.push(shorten(tensor.key));
      const { length } = callById.get(tensor.source).outputs;
      if (length > 1) texts.push(`[${tensor.source_index}]`);
    }
    edge.shape = shapesText(tensors);
    edge.text = texts.join(" ");
    edge.lines = edge.text ? [{ text: edge.text, role: "edge" }] : [];
    if (look.shapes) {
      const shapes = [...new Set(tensors.map((each) => shorten(shapeText(each.shape), 32)))];
      const more = shapes.length > 1 ? `${shapes[0]} …` : shapes[0];
      edge.lines.push({ text: more, role: "edge" });
    }
    const words = [edge.source.lines[0].text, "to", edge.target.lines[0].text].join(" ");
    edge.title = `${words}: ${edge.shape}, ${clean(tensor.dtype)}`;
    markMasked(edge, tensors);
    edge.status = look.status ? edgeStatus(tensors, look.status, marked) : null;
    if (edge.status?.sign) edge.lines.unshift({ text: edge.status.sign, role: "sign" });
    if (edge.status) edge.title += `, ${edge.status.words}`;
  }
  return edges;
}

/** Which call of the layer or group drawn once an edge belongs to, from 1. */
function callOf(edge, leaves, callById, nodes, from, to) {
  const call = callById.get(leaves ? edge.source : edge.target);
  const node = nodes.get(leaves ? from : to);
  if (node.kind === "call") return call.index + 1;
  const ids = [node.dataId, ...(node.also ?? [])];
  const size = node.holds.calls.length / ids.length;
  return Math.floor(node.holds.calls.indexOf(call) / size) + 1;
}
