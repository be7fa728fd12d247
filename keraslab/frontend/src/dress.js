// Graphviz' SVG made ready to show: real ids, titles for screen readers, text with weights.

import { INK, SIZE } from "./dot.js";
import { clean, xml } from "./text.js";

const FONTS = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
const GREY = "#4a525c";

function textOf(item, number, x, y) {
  const line = item.lines?.[number];
  if (!line) return "";
  const at = `<text text-anchor="middle" x="${x}" y="${y}"`;
  if (line.role === "edge") return `${at} font-size="${SIZE.edge}">${xml(line.text)}</text>`;
  if (!item.kind) {
    return `<text text-anchor="start" x="${item.left + 9}" y="${y}" font-size="${SIZE.cluster}" font-weight="bold">${xml(line.text)}</text>`;
  }
  if (line.role === "type") {
    const size = item.small ? SIZE.normal : SIZE.type;
    const more = line.more
      ? `<tspan font-weight="normal" font-size="${size - 1}" fill="${GREY}"> ${xml(line.more)}</tspan>`
      : "";
    return `${at} font-size="${size}" font-weight="bold" xml:space="preserve">${xml(line.text)}${more}</text>`;
  }
  const size = item.small ? SIZE.small : SIZE.normal;
  const weight = line.role === "shared" || line.role === "port" ? ' font-weight="bold"' : "";
  return `${at} class="${line.role}" font-size="${size}"${weight}>${xml(line.text)}</text>`;
}

function opening(item) {
  if (item.source) {
    return (
      `<g id="${item.id}" class="edge" data-source="${xml(item.source.dataId)}" ` +
      `data-target="${xml(item.target.dataId)}" data-shape="${xml(item.shape)}">`
    );
  }
  const classes = item.kind ? item.classes.join(" ") : "cluster";
  const shared = item.shared ? ` data-shared="${xml(clean(item.shared))}"` : "";
  return `<g id="${item.id}" class="${classes}" data-id="${xml(item.dataId)}"${shared}>`;
}

/** The smallest x of an outline. */
function leftmost(outline) {
  const points = / (?:d|points)="([^"]*)"/.exec(outline);
  if (!points) return undefined;
  return Math.min(...Array.from(points[1].matchAll(/(-?[\d.]+),/g), ([, x]) => Number(x)));
}

const everyCluster = (clusters) =>
  clusters.flatMap((cluster) => [cluster, ...everyCluster(cluster.children)]);

// Points to CSS pixels: text a little smaller than print, as in a notebook's own tables.
const SCALE = 1.2;

/** The root element: its size in pixels, its name for screen readers, its fonts. */
function rootOf(svg, scene) {
  const [, width, height] = /<svg width="([\d.]+)pt" height="([\d.]+)pt"/.exec(svg);
  const box = /viewBox="([^"]*)"/.exec(svg)[1];
  const name = clean(scene.name) || "model";
  const size = (points) => (points * SCALE).toFixed(0);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="keraslab-graph" role="img" ` +
    `aria-label="Graph of ${xml(name)}: ${scene.nodes.length} nodes, ${scene.edges.length} edges" ` +
    `width="${size(width)}" height="${size(height)}" viewBox="${box}" ` +
    `style="max-width:100%;height:auto" font-family="${FONTS}" fill="${INK}">`
  );
}

/**
 * The SVG that Graphviz made of `scene`, dressed.
 * @param {string} svg
 * @param {object} scene
 * @returns {string}
 */
export function dress(svg, scene) {
  const items = new Map(
    [...scene.nodes, ...scene.edges, ...everyCluster(scene.clusters)].map((item) => [item.id, item]),
  );
  const out = [rootOf(svg, scene)];
  let item = null;
  let number = 0;
  const body = svg.indexOf('<g id="graph0"');
  for (const line of svg.slice(body).split("\n")) {
    const group = /^<g id="([^"]*)" class="(node|edge|cluster|graph)[^"]*"/.exec(line);
    if (group) {
      item = items.get(group[1]) ?? null;
      number = 0;
      out.push(item ? `${opening(item)}<title>${xml(item.title)}</title>` : line);
    } else if (line.startsWith("<title>") || line.startsWith("<!--")) {
      continue;
    } else if (line.startsWith("<text ")) {
      const at = /x="([^"]*)" y="([^"]*)"/.exec(line);
      if (item && at) out.push(textOf(item, number++, at[1], at[2]));
    } else {
      // A cluster's label starts at its left side, whatever width Graphviz expected of it.
      if (item && !item.source && !item.kind) item.left ??= leftmost(line);
      out.push(line);
    }
  }
  return out.join("\n");
}
