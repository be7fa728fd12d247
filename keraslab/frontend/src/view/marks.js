// The drawing's nodes, clusters and edges, named for screen readers and wired for the pointer.

export const isOpen = (mark) => mark.classList.contains("cluster");

/** The other calls that a box stands for, where a shared layer is drawn once. */
function alsoOf(mark) {
  try {
    const ids = JSON.parse(mark.dataset.also ?? "[]");
    return Array.isArray(ids) ? ids.map(String) : [];
  } catch {
    return [];
  }
}

/**
 * Name every node and open group.
 * @param {SVGSVGElement} svg
 * @param {Record<string, import("../view.js").Card>} nodes
 * @returns {{marks: Map<string, SVGGElement>, drawnAs: Map<string, string>}} the marks by id, and
 *   for calls drawn with another call, the id of that
 */
export function nameMarks(svg, nodes) {
  const marks = new Map();
  const drawnAs = new Map();
  for (const mark of svg.querySelectorAll("[data-id]")) {
    const id = mark.dataset.id;
    const node = nodes[id];
    if (!node) continue;
    marks.set(id, mark);
    for (const other of alsoOf(mark)) drawnAs.set(other, id);
    mark.setAttribute("role", "button");
    mark.setAttribute("tabindex", "-1");
    const all = alsoOf(mark).length + 1;
    const shared = all > 1 ? [`${all} calls in one box`] : [];
    const rows = node.rows.map(([key, value]) => `${key} ${value}`);
    mark.setAttribute("aria-label", [node.title, node.type, ...shared, ...rows].join(", "));
    if (node.group) mark.setAttribute("aria-expanded", String(isOpen(mark)));
  }
  return { marks, drawnAs };
}

/** Let the pointer find edges, which are thin: each gets a wide twin that is not seen. */
export function widenEdges(svg) {
  for (const edge of svg.querySelectorAll(".edge")) {
    const path = edge.querySelector("path");
    if (!path) continue;
    const wide = path.cloneNode();
    wide.setAttribute("class", "klv-wide");
    wide.removeAttribute("stroke-dasharray"); // between two dashes there is an edge too
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

/** Light the other calls of a shared layer or group; none for null. */
export function lightKin(svg, mark) {
  for (const kin of svg?.querySelectorAll(".klv-kin") ?? []) kin.classList.remove("klv-kin");
  const { shared } = mark?.dataset ?? {};
  if (!shared) return;
  for (const kin of svg.querySelectorAll("[data-shared]")) {
    if (kin !== mark && kin.dataset.shared === shared) kin.classList.add("klv-kin");
  }
}

/** Mark what a search found, and the closed groups that hold some of it; null: all is plain. */
export function markHits(svg, marks, drawnAs, hits) {
  for (const mark of marks.values()) mark.classList.remove("klv-hit", "klv-holds");
  svg?.classList.toggle("klv-searching", hits !== null && hits.length > 0);
  for (const { id, path } of hits ?? []) {
    const mark = marks.get(id) ?? marks.get(drawnAs.get(id));
    if (mark) mark.classList.add("klv-hit");
    else {
      const around = path.find((group) => marks.has(group) && !isOpen(marks.get(group)));
      if (around !== undefined) marks.get(around).classList.add("klv-holds");
    }
  }
}
