// The whole drawing engine: a graph and the ids of its open groups in, an SVG out. Python runs it
// in V8, an exported page in the browser.

import "./v8_shims.js";
import { instance } from "@viz-js/viz";
import { sceneToDot, toDot } from "./dot.js";
import { dress } from "./dress.js";
import { toMermaid } from "./mermaid.js";
import { sceneOf } from "./scene.js";

export { toDot, toMermaid };

// Above this Graphviz takes minutes; a picture of so much is no use either.
export const LIMITS = { things: 12_000, dot: 4_000_000 };

let viz = null;

/** Loads Graphviz; everything else works only after it. */
export async function start() {
  viz ??= await instance();
}

/** Forgets the loaded Graphviz: after an error its memory cannot be trusted. */
export function stop() {
  viz = null;
}

/** Whether `start` is done. */
export function ready() {
  return viz !== null;
}

/** The SVG that Graphviz makes of a DOT text. */
export function layout(dot) {
  if (viz === null) throw new Error("The engine has not started.");
  if (dot.length > LIMITS.dot) throw new Error(`too large: ${dot.length} characters of DOT`);
  return viz.renderString(dot, { format: "svg" });
}

/**
 * The picture of `graph` with the groups of ids `opened` drawn open.
 * @param {object} graph a graph as JSON-ready data
 * @param {Iterable<string>} opened
 * @param {import("./scene.js").Look} [look]
 * @returns {string} SVG
 */
export function draw(graph, opened, look) {
  const scene = sceneOf(graph, opened, look);
  const things = scene.nodes.length + scene.edges.length;
  if (things > LIMITS.things) throw new Error(`too large: ${things} nodes and edges`);
  return dress(layout(sceneToDot(scene)), scene);
}
