// The boxes of a picture: what stands in them, line by line.

import { familyOf, groupFamily } from "../families.js";
import { clean, count, shapeText, shorten } from "../text.js";

/** Lines of a node that tell how it takes part in the model's inputs and outputs. */
function portLines(ports, word) {
  if (!ports.length) return [];
  const keys = ports.map((port) => port.key).filter((key) => key !== null && key !== undefined);
  const masked = ports.some((port) => port.masked) ? ", masked" : "";
  const text = keys.length ? `${word}: ${shorten(keys.join(", "))}` : word;
  return [{ text: text + masked, role: "port" }];
}

/** The line of the weights, none where there are none; null says that nobody knows. */
function paramsLine({ params }) {
  if (params === null) return [{ text: "params unknown", role: "params" }];
  return params ? [{ text: `${count(params)} params`, role: "params" }] : [];
}

/** The line of a layer called more than once; `merged` calls of it stand in one box. */
function sharedLine(item, merged) {
  if (merged > 1) return [{ text: `shared · ${merged} calls`, role: "shared" }];
  if (!(item.count > 1)) return [];
  return [{ text: `shared · call ${item.index + 1} of ${item.count}`, role: "shared" }];
}

/** The part of a layer's name that its group does not say already. */
function shortName(call, groups) {
  const tail = call.name.split("/").pop();
  let at = groups.get(call.group);
  while (at?.kind === "repeat") at = groups.get(at.parent);
  if (at?.kind !== "block") return tail;
  return tail.split("__").pop() || tail;
}

/** Text of several shapes in one line. */
export function shapesText(specs) {
  const texts = [...new Set(specs.map((spec) => shapeText(spec.shape)))];
  const more = specs.length > 1 && texts.length === 1 ? ` (${specs.length} of them)` : "";
  const shown = texts.slice(0, 2).map((text) => shorten(text, 40)).join(", ");
  return shown + (texts.length > 2 ? `, ${texts.length - 2} more` : "") + more;
}

/** A group's name, with how often it repeats. */
export function groupName(group) {
  const name = shorten(group.label);
  if (group.kind !== "repeat" || !(group.times > 1)) return name;
  return /×\s*\d+$/.test(name) ? name : `${name} ×${group.times}`;
}

/**
 * The box of a call, or of several calls of one layer.
 * @param {object[]} calls the call; more of them where they are drawn as one
 * @param {Map<string, object>} groups
 * @param {{inputs: object[], outputs: object[]}} ports the model's own that end here
 */
export function describeCall(calls, id, groups, ports) {
  const [call] = calls;
  const family = familyOf(call);
  const type = shorten(call.kind === "input" ? "Input" : call.type);
  // An operation's own name (`add_3`) says nothing its type does not.
  const detail =
    call.kind === "operation" ? call.arguments.join(", ") : shortName(call, groups);
  const outputs = calls.flatMap((each) => each.outputs);
  const shape = calls.length > 1 ? shapesText(distinct(outputs)) : shapesText(outputs);
  const same = detail.toLowerCase() === type.toLowerCase();
  const more = same ? "" : shorten(detail);
  // A call that failed gave nothing.
  const lines = [{ text: type, more, role: "type" }, ...(shape ? [{ text: shape, role: "shape" }] : [])];
  lines.push(...paramsLine(call));
  lines.push(...sharedLine(call, calls.length));
  // A lone input without a key needs no words beside its type, an output does.
  lines.push(...portLines(ports.inputs.filter((port) => port.key !== null), "input"));
  lines.push(...portLines(ports.outputs, "output"));
  const title = [`${clean(call.type)} ${clean(call.name)}`, shape];
  return {
    id,
    dataId: call.id,
    kind: "call",
    small: call.kind === "operation",
    family,
    classes: ["node", "call", call.kind, `family-${family.name}`],
    lines,
    title: [...title, ...lines.slice(2).map((line) => line.text)].join(", "),
  };
}

function distinct(specs) {
  const texts = new Map(specs.map((spec) => [shapeText(spec.shape), spec]));
  return [...texts.values()];
}

/**
 * The box of a closed group, or of several calls of one group.
 * @param {object[]} some the group; more of them where they are drawn as one
 * @param {number} size how many calls lie in it
 * @param {object[]} leaving the tensors that go out of it
 */
export function describeGroup(some, id, size, leaving, outputs) {
  const [group] = some;
  const calls = `${size} ${size === 1 ? "call" : "calls"}`;
  const repeats = group.kind === "repeat" && group.times > 1;
  const word = group.kind === "model" ? "model" : "group";
  const lines = [
    { text: `▸ ${groupName(group)}`, role: "type" },
    { text: repeats ? `${group.times} alike parts, ${calls}` : `${word} of ${calls}`, role: "size" },
  ];
  const shapes = some.length > 1 ? distinct(leaving) : leaving;
  if (shapes.length) lines.push({ text: shapesText(shapes), role: "shape" });
  lines.push(...paramsLine(group));
  lines.push(...sharedLine(group, some.length), ...portLines(outputs, "output"));
  const title = [clean(group.label), ...lines.slice(1).map((line) => line.text), "folded"];
  return {
    id,
    dataId: group.id,
    kind: "group",
    repeats,
    small: false,
    family: groupFamily(),
    classes: ["node", "group", ...(repeats ? ["repeat"] : []), "family-group"],
    lines,
    title: title.join(", "),
  };
}
