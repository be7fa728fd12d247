// Masked tensors: a word and a dotted line where a mask goes along.

/** Mark an edge along which `tensors` go; some of them may carry a mask. */
export function markMasked(edge, tensors) {
  const masked = tensors.filter((tensor) => tensor.masked).length;
  if (!masked) return;
  edge.masked = true;
  const text = masked === tensors.length ? "masked" : `${masked} masked`;
  edge.lines.push({ text, role: "edge" });
  edge.title += `, ${text}`;
}

/** The legend of a picture with masks; none for one without. */
export function maskLegends(nodes, edges) {
  if (!edges.some((edge) => edge.masked) && !nodes.some((node) => node.masked)) return [];
  const text = "masked: a mask goes along, which says which steps are padding";
  return [{ title: "", note: "", stops: [{ edge: "dotted", text }] }];
}
