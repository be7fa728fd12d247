// A scene as DOT: the only place that writes it.

import { sceneOf } from "./scene.js";
import { label, quoted, widthOf } from "./text.js";

export const SIZE = { type: 13, normal: 11, small: 10, cluster: 12, edge: 10 };
export const INK = "#1f2328";
// Graphviz has the widths of this font in its tables, and browsers rarely have a wider one.
const FONT = 'fontname="DejaVu Sans"';

/** Roles of lines that are written bold. */
export const BOLD = new Set(["shared", "port", "value", "status", "sign"]);

const lineText = (line) => (line.more ? `${line.text} ${line.more}` : line.text);

/** The width in points that the text of `node` takes. */
function textWidth(node) {
  const [first, ...rest] = node.lines;
  const size = node.small ? SIZE.normal : SIZE.type;
  const more = first.more ? widthOf(` ${first.more}`, size - 1) : 0;
  const below = node.small ? SIZE.small : SIZE.normal;
  const widths = rest.map((line) => widthOf(line.text, below, BOLD.has(line.role)));
  return Math.max(widthOf(first.text, size, true) + more, ...widths);
}

function nodeText(node) {
  const width = (textWidth(node) + (node.small ? 14 : 18)) / 72;
  const size = node.small ? SIZE.small : SIZE.normal;
  const attributes = {
    id: quoted(node.id),
    class: quoted(node.classes.slice(1).join(" ")),
    label: label(node.lines.map(lineText)),
    width: width.toFixed(3),
    fontsize: size + 1,
    fillcolor: quoted(node.fill ?? node.family.fill),
    color: quoted(node.line ?? (node.plain ? "#59636e" : node.family.line)),
  };
  if (node.small) attributes.margin = '"0.05,0.03"';
  if (node.status === "removed" || node.dashed) attributes.style = '"rounded,filled,dashed"';
  // A stack of alike parts gets its own sign when the drawing is dressed.
  if (node.kind === "group" && !node.repeats) attributes.peripheries = 2;
  if (node.line || node.classes.includes("output") || node.dashed) attributes.penwidth = 2.2;
  return `${node.id} [${pairs(attributes)}];`;
}

function edgeText(edge) {
  const attributes = { id: quoted(edge.id) };
  if (edge.lines.length) attributes.label = label(edge.lines.map((line) => `  ${line.text}  `));
  if (edge.status) attributes.color = quoted(edge.status.line);
  if (edge.status?.kind === "removed") attributes.style = "dashed";
  else if (edge.masked) attributes.style = "dotted";
  if (edge.masked) attributes.penwidth = 1.6;
  if (edge.status?.sign) attributes.penwidth = 2;
  if (edge.tensors.size > 1) attributes.penwidth = 2;
  // The way through a call's first input is kept straight; skips go around it.
  if ([...edge.tensors.values()].some((tensor) => tensor.target_index === 0)) attributes.weight = 4;
  return `${edge.source.id} -> ${edge.target.id} [${pairs(attributes)}];`;
}

const pairs = (attributes) =>
  Object.entries(attributes)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ");

function clusterText(cluster, indent) {
  const fill = cluster.depth % 2 ? "#ffffff" : "#f6f8fa";
  const head = pairs({
    id: quoted(cluster.id),
    label: label(cluster.lines.map(lineText)),
    fillcolor: quoted(fill),
    margin: 10,
  });
  return [
    `${indent}subgraph cluster_${cluster.id} {`,
    `${indent}  graph [${head}];`,
    ...cluster.nodes.map((node) => `${indent}  ${nodeText(node)}`),
    ...cluster.children.map((child) => clusterText(child, `${indent}  `)),
    `${indent}}`,
  ].join("\n");
}

/** A scene as DOT text. */
export function sceneToDot(scene) {
  return [
    "digraph model {",
    `  graph [rankdir=TB ranksep=0.32 nodesep=0.28 pad=0.15 bgcolor="#ffffff" labeljust=l ` +
      `style="rounded,filled" color="#8c959f" fontcolor="${INK}" ` +
      `fontsize=${SIZE.cluster + 1} ${FONT}];`,
    `  node [shape=box style="rounded,filled" margin="0.08,0.06" height=0.1 fontcolor="${INK}" ${FONT}];`,
    `  edge [color="#59636e" arrowsize=0.7 fontcolor="${INK}" fontsize=${SIZE.edge} ${FONT}];`,
    ...scene.loose.map((node) => `  ${nodeText(node)}`),
    ...scene.clusters.map((cluster) => clusterText(cluster, "  ")),
    ...scene.edges.map((edge) => `  ${edgeText(edge)}`),
    "}",
    "",
  ].join("\n");
}

/**
 * The DOT text of a graph.
 * @param {object} graph a graph as JSON-ready data
 * @param {Iterable<string>} opened ids of the groups drawn open
 * @param {import("./scene.js").Look} [look]
 * @returns {string}
 */
export function toDot(graph, opened, look) {
  return sceneToDot(sceneOf(graph, opened, look));
}
