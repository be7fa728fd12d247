// What a notebook's last cell added, and what goes nowhere yet: a word and an outline for each.

const GLOW = "#d98200";
export const NEW = "✦";

/** Mark a box with new calls in it, and one with a loose end. */
export function markFresh(node, calls, fresh, loose) {
  const found = calls.filter((call) => fresh.has(call.id)).length;
  if (found) {
    const text = found === calls.length ? `${NEW} new` : `${NEW} ${found} new`;
    node.glow = GLOW;
    node.classes.push("fresh");
    node.lines.push({ text, role: "status" });
    node.title += found === calls.length ? ", new" : `, ${found} new`;
  }
  if (!calls.some((call) => loose.has(call.id))) return;
  node.dashed = true;
  node.classes.push("loose");
  const port = node.lines.find((line) => line.role === "port" && line.text.startsWith("output"));
  if (port) port.text = port.text.replace(/^output/, "loose end");
  else node.lines.push({ text: "loose end", role: "port" });
  node.title += ", loose end";
}

/** The title of an open group says how much in it is new. */
export function freshNote(calls, fresh) {
  const found = calls.filter((call) => fresh.has(call.id)).length;
  return found ? ` · ${NEW} ${found} new` : "";
}

/** The legend of a picture with something new or loose; none for one without. */
export function freshLegends(nodes) {
  const stops = [];
  if (nodes.some((node) => node.glow)) {
    stops.push({ fill: "#ffffff", line: GLOW, text: `${NEW} new: from the last cell` });
  }
  if (nodes.some((node) => node.dashed)) {
    stops.push({ fill: "#ffffff", dashed: true, text: "loose end: goes nowhere yet" });
  }
  return stops.length ? [{ title: "", note: "", stops }] : [];
}
