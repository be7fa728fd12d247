// What a picture holds: nodes, clusters and edges of a graph with some groups open.

import { familyOf, groupFamily, sharedColour } from "./families.js";
import { clean, count, shapeText, shorten } from "./text.js";

/** Lines of a node that tell how it takes part in the model's inputs and outputs. */
function portLines(ports, word) {
  if (!ports.length) return [];
  const keys = ports.map((port) => port.key).filter((key) => key !== null && key !== undefined);
  return [{ text: keys.length ? `${word}: ${shorten(keys.join(", "))}` : word, role: "port" }];
}

/** The line of a layer called more than once. */
function sharedLine(item) {
  if (!(item.count > 1)) return [];
  return [{ text: `shared · call ${item.index + 1} of ${item.count}`, role: "shared" }];
}

/** The part of a layer's name that its group does not say already. */
function shortName(call, groups) {
  const tail = call.name.split("/").pop();
  if (groups.get(call.group)?.kind !== "block") return tail;
  return tail.split("__").pop() || tail;
}

/** Text of several shapes in one line. */
function shapesText(specs) {
  const texts = [...new Set(specs.map((spec) => shapeText(spec.shape)))];
  const more = specs.length > 1 && texts.length === 1 ? ` (${specs.length} of them)` : "";
  const shown = texts.slice(0, 2).map((text) => shorten(text, 40)).join(", ");
  return shown + (texts.length > 2 ? `, ${texts.length - 2} more` : "") + more;
}

function describeCall(call, id, groups, inputs, outputs) {
  const family = familyOf(call);
  const type = shorten(call.kind === "input" ? "Input" : call.type);
  // An operation's own name (`add_3`) says nothing its type does not.
  const detail =
    call.kind === "operation" ? call.arguments.join(", ") : shortName(call, groups);
  const shape = shapesText(call.outputs);
  const same = detail.toLowerCase() === type.toLowerCase();
  const more = same ? "" : shorten(detail);
  const lines = [{ text: type, more, role: "type" }, { text: shape, role: "shape" }];
  if (call.params) lines.push({ text: `${count(call.params)} params`, role: "params" });
  const notes = [...sharedLine(call)];
  // A lone input or output without a key needs no words beside its type, an output does.
  notes.push(...portLines(inputs.filter((port) => port.key !== null), "input"));
  notes.push(...portLines(outputs, "output"));
  lines.push(...notes);
  const title = [`${clean(call.type)} ${clean(call.name)}`, shape, ...lines.slice(2).map((l) => l.text)];
  return {
    id,
    dataId: call.id,
    kind: "call",
    small: call.kind === "operation",
    family,
    classes: ["node", "call", call.kind, `family-${family.name}`],
    lines,
    title: title.join(", "),
  };
}

function describeGroup(group, id, size, leaving, outputs) {
  const family = groupFamily();
  const word = group.kind === "model" ? "model" : "group";
  const lines = [
    { text: `▸ ${shorten(group.label)}`, role: "type" },
    { text: `${word} of ${size} ${size === 1 ? "call" : "calls"}`, role: "size" },
  ];
  if (leaving.length) lines.push({ text: shapesText(leaving), role: "shape" });
  if (group.params) lines.push({ text: `${count(group.params)} params`, role: "params" });
  lines.push(...sharedLine(group), ...portLines(outputs, "output"));
  const title = [clean(group.label), ...lines.slice(1).map((line) => line.text), "folded"];
  return {
    id,
    dataId: group.id,
    kind: "group",
    small: false,
    family,
    classes: ["node", "group", "family-group"],
    lines,
    title: title.join(", "),
  };
}

/**
 * The picture of `graph` with the groups of ids `opened` drawn open.
 * A group counts as open only when every group around it is open too.
 */
export function sceneOf(graph, opened) {
  const groups = new Map(graph.groups.map((group) => [group.id, group]));
  const wanted = new Set(opened);
  const openness = new Map();
  const isOpen = (id) => {
    if (id === null || id === undefined || !groups.has(id)) return true;
    if (!openness.has(id)) openness.set(id, wanted.has(id) && isOpen(groups.get(id).parent));
    return openness.get(id);
  };
  const around = (id) => {
    const path = [];
    for (let at = id; groups.has(at); at = groups.get(at).parent) path.unshift(at);
    return path;
  };

  // The visible stand-in of every call: itself, or the outermost closed group around it.
  const standIn = new Map();
  const sizes = new Map();
  for (const call of graph.calls) {
    const path = around(call.group);
    const closed = path.find((id) => !isOpen(id));
    standIn.set(call.id, closed === undefined ? `c ${call.id}` : `g ${closed}`);
    for (const id of path) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  }

  const portsOf = (ports, key) => ports.filter((port) => standIn.get(port.call) === key);
  const leaving = new Map();
  const leave = (key, source, index, spec) => {
    if (!leaving.has(key)) leaving.set(key, new Map());
    leaving.get(key).set(`${index} ${source}`, spec);
  };
  const callById = new Map(graph.calls.map((call) => [call.id, call]));
  for (const edge of graph.edges) {
    const source = standIn.get(edge.source);
    if (source !== standIn.get(edge.target)) leave(source, edge.source, edge.source_index, edge);
  }
  for (const port of graph.outputs) {
    const spec = callById.get(port.call)?.outputs[port.index];
    if (spec) leave(standIn.get(port.call), port.call, port.index, spec);
  }

  // Nodes, in the order of the calls.
  const nodes = new Map();
  const colours = new Map();
  graph.calls.forEach((call, number) => {
    const key = standIn.get(call.id);
    if (nodes.has(key)) return;
    const outputs = portsOf(graph.outputs, key);
    let node;
    if (key[0] === "c") {
      node = describeCall(call, `n${number}`, groups, portsOf(graph.inputs, key), outputs);
      node.parent = call.group ?? null;
      if (call.count > 1) node.shared = `layer ${call.layer}`;
    } else {
      const group = groups.get(key.slice(2));
      const index = graph.groups.indexOf(group);
      const specs = [...(leaving.get(key)?.values() ?? [])];
      node = describeGroup(group, `ng${index}`, sizes.get(group.id), specs, outputs);
      node.parent = group.parent ?? null;
      if (group.count > 1) node.shared = `group ${group.parent ?? ""} ${group.label}`;
    }
    if (node.shared) {
      if (!colours.has(node.shared)) colours.set(node.shared, sharedColour(colours.size));
      node.line = colours.get(node.shared);
      node.classes.push("shared");
    }
    if (outputs.length) node.classes.push("output");
    nodes.set(key, node);
  });

  // Clusters: the open groups, nested, with their nodes.
  const clusters = [];
  const clusterById = new Map();
  const place = (id) => {
    if (id === null || !groups.has(id)) return null;
    if (clusterById.has(id)) return clusterById.get(id);
    const group = groups.get(id);
    // Short, as edges run over it: "shared" stands on the nodes inside.
    const badge = group.count > 1 ? ` · call ${group.index + 1} of ${group.count}` : "";
    const name = shorten(group.label);
    const cluster = {
      id: `c${graph.groups.indexOf(group)}`,
      dataId: id,
      lines: [{ text: `▾ ${name}${badge}`, role: "type" }],
      title: `${clean(group.label)}${badge}, ${sizes.get(id)} calls, unfolded`,
      nodes: [],
      children: [],
    };
    clusterById.set(id, cluster);
    const parent = place(group.parent ?? null);
    cluster.depth = parent ? parent.depth + 1 : 0;
    (parent ? parent.children : clusters).push(cluster);
    return cluster;
  };
  const loose = [];
  for (const node of nodes.values()) (place(node.parent)?.nodes ?? loose).push(node);

  // Edges: each one between two calls, one for each pair where a closed group takes part.
  const edges = [];
  const merged = new Map();
  for (const edge of graph.edges) {
    const from = standIn.get(edge.source);
    const to = standIn.get(edge.target);
    if (from === to || !nodes.has(from) || !nodes.has(to)) continue;
    const pair = `${from} -> ${to}`;
    const single = from[0] === "c" && to[0] === "c";
    let item = single ? undefined : merged.get(pair);
    if (!item) {
      item = { id: `e${edges.length}`, source: nodes.get(from), target: nodes.get(to), tensors: new Map() };
      edges.push(item);
      if (!single) merged.set(pair, item);
    }
    item.tensors.set(`${edge.source_index} ${edge.source}`, edge);
    if (single && edge.key !== null && edge.key !== undefined) item.text = shorten(edge.key);
  }
  for (const edge of edges) {
    const tensors = [...edge.tensors.values()];
    if (tensors.length > 1) edge.text = `${tensors.length} tensors`;
    edge.shape = shapesText(tensors);
    edge.title = `${edge.source.lines[0].text} to ${edge.target.lines[0].text}: ${edge.shape}, ${clean(tensors[0].dtype)}`;
    if (edge.text) edge.lines = [{ text: edge.text, role: "edge" }];
  }
  return { name: graph.name, nodes: [...nodes.values()], loose, clusters, edges };
}
