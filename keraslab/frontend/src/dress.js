// Graphviz' SVG made ready to show: real ids, titles for screen readers, text with weights.

import { BOLD, INK, SIZE } from "./dot.js";
import { drawLegends } from "./legend.js";
import { halo, hatch, rounded, stack } from "./ornaments.js";
import { clean, xml } from "./text.js";

const FONTS = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif";
const GREY = "#4a525c";

function textOf(item, number, x, y) {
  const line = item.lines?.[number];
  if (!line) return "";
  const at = `<text text-anchor="middle" x="${x}" y="${y}"`;
  if (line.role === "sign") {
    const fill = item.status.line;
    return `${at} class="sign" font-size="${SIZE.type}" font-weight="bold" fill="${fill}">${xml(line.text)}</text>`;
  }
  if (line.role === "edge") return `${at} font-size="${SIZE.edge}">${xml(line.text)}</text>`;
  if (!item.kind) {
    return `<text text-anchor="start" x="${item.left + 9}" y="${y}" font-size="${SIZE.cluster}" font-weight="bold">${xml(line.text)}</text>`;
  }
  if (line.role === "type") {
    const size = item.small ? SIZE.normal : SIZE.type;
    const more = line.more
      ? `<tspan font-weight="normal" font-size="${size - 1}" fill="${item.plain ? INK : GREY}"> ${xml(line.more)}</tspan>`
      : "";
    return `${at} font-size="${size}" font-weight="bold" xml:space="preserve">${xml(line.text)}${more}</text>`;
  }
  const size = item.small ? SIZE.small : SIZE.normal;
  const weight = BOLD.has(line.role) ? ' font-weight="bold"' : "";
  return `${at} class="${line.role}" font-size="${size}"${weight}>${xml(line.text)}</text>`;
}

function opening(item) {
  if (item.source) {
    const status = item.status ? ` status-${item.status.kind}` : "";
    const masked = item.masked ? " masked" : "";
    const words = item.status ? ` data-change="${xml(item.status.words)}"` : "";
    return (
      `<g id="${item.id}" class="edge${status}${masked}" data-source="${xml(item.source.dataId)}" ` +
      `data-target="${xml(item.target.dataId)}" data-shape="${xml(item.shape)}"${words}>`
    );
  }
  const classes = item.kind ? item.classes.join(" ") : "cluster";
  const shared = item.shared ? ` data-shared="${xml(clean(item.shared))}"` : "";
  // The other calls that this box stands for.
  const also = item.also ? ` data-also="${xml(JSON.stringify(item.also))}"` : "";
  return `<g id="${item.id}" class="${classes}" data-id="${xml(item.dataId)}"${shared}${also}>`;
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
function rootOf(scene, { left, top, width, height }) {
  const box = [left, top, width, height].map((size) => size.toFixed(2)).join(" ");
  const name = clean(scene.name) || "model";
  const size = (points) => (points * SCALE).toFixed(0);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" class="keraslab-graph" role="img" ` +
    `aria-label="Graph of ${xml(name)}: ${scene.nodes.length} nodes, ${scene.edges.length} edges" ` +
    `width="${size(width)}" height="${size(height)}" viewBox="${box}" ` +
    `style="max-width:100%;height:auto" font-family="${FONTS}" fill="${INK}">`
  );
}

function paper({ left, top, width, height }) {
  const d = `M${left},${top} h${width} v${height} h${-width}Z`;
  return `<path class="paper" fill="#ffffff" stroke="none" d="${d}"/>`;
}

/**
 * The SVG that Graphviz made of `scene`, dressed.
 * @param {string} svg
 * @param {object} scene
 * @returns {string}
 */
export function dress(svg, scene) {
  const [left, top, width, height] = /viewBox="([^"]*)"/.exec(svg)[1].split(" ").map(Number);
  // A drawing narrower than its legend stands in the middle over it.
  const legend = drawLegends(scene.legends, { bottom: top + height, width });
  const aside = Math.max(0, legend.width - width) / 2;
  const items = new Map(
    [...scene.nodes, ...scene.edges, ...everyCluster(scene.clusters)].map((item) => [item.id, item]),
  );
  const whole = { left: left - aside, top, width: width + 2 * aside, height: height + legend.height };
  const out = [rootOf(scene, whole)];
  let item = null;
  let number = 0;
  const body = svg.indexOf('<g id="graph0"');
  for (const exact of svg.slice(body).split("\n")) {
    // A tenth of a point is as fine as anyone sees, and a third less to send.
    let line = exact.startsWith("<p") ? exact.replace(/(\d\.\d)\d+/g, "$1") : exact;
    if (item && !item.source && exact.startsWith("<path")) line = rounded(line);
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
      const outline = item?.kind && line.startsWith("<p") && !item.outlined;
      if (outline) item.outlined = true;
      if (outline && item.glow) out.push(halo(line, item.glow));
      if (outline && item.repeats) out.push(stack(line));
      out.push(line);
      if (outline && item.hatched) out.push(hatch(line));
    }
  }
  const end = out.findLastIndex((line) => line.startsWith("</svg>"));
  if (legend.svg) {
    out.splice(end, 0, legend.svg);
    out.splice(1, 0, paper(whole));
  }
  return out.join("\n");
}
