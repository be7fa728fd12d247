// The drawing's nodes, clusters and edges, named for screen readers and wired for the pointer.

export const isOpen = (mark) => mark.classList.contains("cluster");

/**
 * Name every node and open group.
 * @param {SVGSVGElement} svg
 * @param {Record<string, import("../view.js").Card>} nodes
 * @returns {Map<string, SVGGElement>} the marks by id
 */
export function nameMarks(svg, nodes) {
  const marks = new Map();
  for (const mark of svg.querySelectorAll("[data-id]")) {
    const id = mark.dataset.id;
    const node = nodes[id];
    if (!node) continue;
    marks.set(id, mark);
    mark.setAttribute("role", "button");
    mark.setAttribute("tabindex", "-1");
    const rows = node.rows.map(([key, value]) => `${key} ${value}`);
    mark.setAttribute("aria-label", [node.title, node.type, ...rows].join(", "));
    if (node.group) mark.setAttribute("aria-expanded", String(isOpen(mark)));
  }
  return marks;
}

/** Let the pointer find edges, which are thin: each gets a wide twin that is not seen. */
export function widenEdges(svg) {
  for (const edge of svg.querySelectorAll(".edge")) {
    const path = edge.querySelector("path");
    if (!path) continue;
    const wide = path.cloneNode();
    wide.setAttribute("class", "klv-wide");
    edge.append(wide);
  }
}

/** Mark the edges of one node; none for null. */
export function lightEdges(svg, id) {
  for (const edge of svg?.querySelectorAll(".klv-lit") ?? []) edge.classList.remove("klv-lit");
  if (id === null) return;
  for (const edge of svg.querySelectorAll(".edge")) {
    if (edge.dataset.source === id || edge.dataset.target === id) edge.classList.add("klv-lit");
  }
}
