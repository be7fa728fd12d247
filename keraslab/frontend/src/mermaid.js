// A scene as Mermaid text, for a README: the only place that writes it.

import { sceneOf } from "./scene.js";

/**
 * `text` inside double quotes: all that Mermaid, Markdown or HTML could read as more than text
 * becomes a character code.
 */
function quoted(text) {
  const safe = text.replace(/[^\p{L}\p{N} .,:()+\-−×·?=/…▸▾%_]/gu, (c) => `#${c.codePointAt(0)};`);
  return `"${safe}"`;
}

const lineText = (line) => (line.more ? `${line.text} ${line.more}` : line.text);

/** Lines as one label; `<br/>` is what Mermaid breaks a line by. */
const label = (lines) => `"${lines.map((line) => quoted(lineText(line)).slice(1, -1)).join("<br/>")}"`;

function nodeText(node, indent) {
  const text = label(node.lines);
  const shape = node.kind === "group" ? `[[${text}]]` : node.small ? `(${text})` : `[${text}]`;
  return `${indent}${node.id}${shape}`;
}

function clusterText(cluster, indent) {
  return [
    `${indent}subgraph ${cluster.id} [${label(cluster.lines)}]`,
    ...cluster.nodes.map((node) => nodeText(node, `${indent}  `)),
    ...cluster.children.map((child) => clusterText(child, `${indent}  `)),
    `${indent}end`,
  ].join("\n");
}

function edgeText(edge) {
  const arrow = edge.status?.kind === "removed" ? "-.->" : edge.tensors.size > 1 ? "==>" : "-->";
  const text = edge.lines.length ? `|${label(edge.lines)}|` : "";
  return `  ${edge.source.id} ${arrow}${text} ${edge.target.id}`;
}

/** Lines that colour nodes: a border for layers that are shared, a fill for what is measured. */
function styles(nodes) {
  return nodes
    .filter((node) => node.line || node.fill)
    .map((node) => {
      const parts = [];
      if (node.fill) parts.push(`fill:${node.fill}`, "color:#1f2328");
      if (node.line) parts.push(`stroke:${node.line}`, "stroke-width:2px");
      return `  style ${node.id} ${parts.join(",")}`;
    });
}

/**
 * The Mermaid text of a graph.
 * @param {object} graph a graph as JSON-ready data
 * @param {Iterable<string>} opened ids of the groups drawn open
 * @param {import("./scene.js").Look} [look]
 * @returns {string}
 */
export function toMermaid(graph, opened, look) {
  const scene = sceneOf(graph, opened, look);
  return [
    "flowchart TB",
    ...scene.loose.map((node) => nodeText(node, "  ")),
    ...scene.clusters.map((cluster) => clusterText(cluster, "  ")),
    ...scene.edges.map(edgeText),
    ...styles(scene.nodes),
    "",
  ].join("\n");
}
