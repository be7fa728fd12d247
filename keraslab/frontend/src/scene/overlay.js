// A number or kind of every box as its colour, with the value written in it.

import { bytes, clean, count, percent, short, shorten } from "../text.js";

// From little to much, for any kind of colour vision: lightness alone tells them apart.
const SCALE = ["#fffbe6", "#feeaa1", "#fec95a", "#fea23d", "#f0872b"];
const KINDS = ["#d6e8f5", "#fbe3c0", "#d5efe3", "#f7d9ea", "#e6e0f5", "#f4f1c9"];
const PLAIN = "#ffffff";

const known = (calls, key) => calls.map((call) => call[key]).filter((v) => Number.isFinite(v));
const sum = (values) => values.reduce((all, value) => all + value, 0);
const product = (sizes) => sizes.reduce((all, size) => all * size, 1);

/** The colour of a part, between 0 and 1, of the whole. */
function shade(part) {
  if (!(part > 0)) return PLAIN;
  // The cube root tells 20 from 40 hundredths and still one from ten.
  return shadeAt(Math.cbrt(Math.min(1, part)));
}

/** The colour of a place, between 0 and 1, on the way from little to much. */
function shadeAt(place) {
  const at = Math.min(1, Math.max(0, place)) * (SCALE.length - 1);
  const [low, high] = [SCALE[Math.floor(at)], SCALE[Math.ceil(at)]];
  const channel = (colour, n) => parseInt(colour.slice(1 + 2 * n, 3 + 2 * n), 16);
  const mix = (n) => channel(low, n) + (channel(high, n) - channel(low, n)) * (at % 1);
  return `#${[0, 1, 2].map((n) => Math.round(mix(n)).toString(16).padStart(2, "0")).join("")}`;
}

const UNKNOWN = { text: "unknown", fill: PLAIN, hatched: true };

/** What adds up: of one box the sum over its calls, and its part of the whole. */
function additive(key, total, unit, format) {
  return ({ calls, group, merged }) => {
    // Weights count once in a group, and once where calls of one layer stand in one box.
    const once = key === "params" && (group ?? (merged ? calls[0] : null));
    const values = once ? known([once], key) : known(calls, key);
    if (!values.length) return UNKNOWN;
    const value = sum(values);
    const partly = !once && values.length < calls.length;
    const part = total > 0 ? value / total : 0;
    const share = value && total > 0 ? ` · ${percent(part)}` : "";
    const text = `${partly ? "at least " : ""}${format(value)}${unit}${share}`;
    return { text, fill: shade(part), hatched: partly };
  };
}

function scaleStops() {
  const steps = [0.001, 0.01, 0.1, 1];
  return steps.map((part, n) => ({
    fill: shade(part),
    text: n === 0 ? `up to ${percent(part)}` : `${percent(part)}${n === 3 ? " of the total" : ""}`,
  }));
}

const unknownStop = (any) => (any ? [{ fill: PLAIN, hatched: true, text: "unknown, or a part of it" }] : []);

function params(graph) {
  const { params: total, unknown_params: missing } = graph.totals;
  const least = missing.length ? "at least " : "";
  return {
    measure: additive("params", total, " params", count),
    legend: {
      title: "Parameters",
      note: `${least}${count(total)} in all, a shared layer counted once`,
      stops: [...scaleStops(), ...unknownStop(missing.length)],
    },
  };
}

function macs(graph) {
  const values = known(graph.calls, "macs");
  const missing = graph.calls.length - values.length;
  const total = sum(values);
  const some = missing === 1 ? "1 call" : `${missing} calls`;
  const all = missing ? `at least ${short(total)} in all, unknown of ${some}` : `${short(total)} in all`;
  return {
    measure: additive("macs", total, " MACs", short),
    legend: {
      title: "MACs",
      note: `multiply-accumulates for one sample, ${all}`,
      stops: [...scaleStops(), ...unknownStop(missing)],
    },
  };
}

function memory(graph) {
  const values = known(graph.calls, "memory");
  const missing = graph.calls.length - values.length;
  const total = sum(values);
  const { training_sum: training, inference_peak: peak } = graph.totals;
  const say = (value) => (Number.isFinite(value) ? bytes(value) : "what is unknown");
  const least = missing ? `at least ${bytes(total)}` : bytes(total);
  const all = `${values.length ? least : "unknown"} in all`;
  return {
    measure: additive("memory", total, "", bytes),
    legend: {
      title: "Activation memory",
      note: `outputs for one sample, ${all}; training keeps ${say(training)}, a prediction needs ${say(peak)} at its peak`,
      stops: [...scaleStops(), ...unknownStop(missing)],
    },
  };
}

function receptiveField(graph) {
  const sizes = (calls) => calls.map((call) => call.receptive_field).filter(Array.isArray);
  const spatial = sizes(graph.calls).filter((field) => field.length);
  const largest = spatial.reduce((best, field) => (product(field) > product(best) ? field : best), []);
  const top = Math.max(1, ...largest);
  const part = (size) => size / top;
  const written = (field) => field.join(" × ");
  return {
    measure: ({ calls }) => {
      if (calls.some((call) => call.sees_all)) return { text: "sees all", fill: shade(1) };
      const fields = sizes(calls);
      if (!fields.length) return { ...UNKNOWN, text: "no field known" };
      const field = fields.reduce((best, next) => (product(next) >= product(best) ? next : best));
      if (!field.length) return { text: "no field", fill: PLAIN };
      return { text: `sees ${written(field)}`, fill: shade(part(Math.max(...field))) };
    },
    legend: {
      title: "Receptive field",
      note: `pixels or steps of the input that one output value sees; ${largest.length ? `up to ${written(largest)}` : "no call has a known one"}`,
      stops: [
        ...(top > 1 ? [1, Math.round(Math.sqrt(top)), top] : [1])
          .filter((size, n, all) => all.indexOf(size) === n)
          .map((size) => ({ fill: shade(part(size)), text: String(size) })),
        ...unknownStop(graph.calls.some((call) => !call.sees_all && !Array.isArray(call.receptive_field))),
      ],
    },
  };
}

function dtype(graph) {
  const typesOf = (calls) => [
    ...new Set(calls.flatMap((call) => call.outputs.map((spec) => spec.dtype))),
  ];
  const all = typesOf(graph.calls);
  const fillOf = (name) => KINDS[all.indexOf(name) % KINDS.length];
  return {
    measure: ({ calls }) => {
      const types = typesOf(calls);
      if (!types.length) return { text: "no output", fill: PLAIN };
      if (types.length === 1) return { text: types[0], fill: fillOf(types[0]) };
      return { text: types.join(", "), fill: PLAIN };
    },
    legend: {
      title: "Dtype",
      note: "of the outputs",
      stops: all.slice(0, 12).map((name) => ({ fill: fillOf(name), text: name })),
    },
  };
}

function trainable(graph) {
  const { params: total, trainable: trained } = graph.totals;
  const kinds = {
    trainable: KINDS[2],
    frozen: KINDS[0],
    "partly frozen": KINDS[1],
    "no weights": PLAIN,
  };
  return {
    measure: ({ calls, group }) => {
      const item = group ?? calls[0];
      if (item.params === null) return UNKNOWN;
      const kind = !item.params
        ? "no weights"
        : item.trainable_params === item.params
          ? "trainable"
          : item.trainable_params ? "partly frozen" : "frozen";
      return { text: kind, fill: kinds[kind] };
    },
    legend: {
      title: "Trainable or frozen",
      note: `${count(trained)} of ${count(total)} parameters are trained`,
      stops: Object.entries(kinds).map(([text, fill]) => ({ fill, text })),
    },
  };
}

const MAKERS = { params, macs, memory, receptive_field: receptiveField, dtype, trainable };

/**
 * The overlay of a name: `measure` a box, and what its legend says.
 * @param {string | null | undefined} name
 * @param {object} graph
 */
export function overlayOf(name, graph) {
  return Object.hasOwn(MAKERS, name ?? "") ? MAKERS[name](graph) : null;
}

/**
 * An overlay of values that were measured, not worked out from the graph: where each call stands
 * between little (0) and much (1), or null for nothing at all, and what is written in its box.
 * `without` is the text for calls that have no such value; else these were not measured.
 * @param {{title: string, note?: string, calls: Record<string, [number | null, string]>,
 *   stops?: [number | null, string][], without?: string}} values
 * @param {object} graph
 */
export function valuesOf({ title, note = "", calls: measured, stops = [], without = "" }, graph) {
  const none = { text: clean(without) || "not measured", fill: PLAIN, hatched: !without };
  const of = ({ id }) => (Object.hasOwn(measured, id) ? measured[id] : null);
  const fillOf = (place) => (place === null ? PLAIN : shadeAt(place));
  const missing = graph.calls.some((call) => !of(call));
  return {
    measure: ({ calls }) => {
      const found = calls.map(of).filter(Boolean);
      if (!found.length) return none;
      if (found.length === 1) return { text: shorten(found[0][1]), fill: fillOf(found[0][0]) };
      found.sort(([a], [b]) => (a ?? -1) - (b ?? -1));
      const [low, high] = [found[0], found.at(-1)];
      const ends = low[1] === high[1] ? [low[1]] : [low[1], withoutWord(high[1], low[1])];
      // A box that stands for many is coloured by their mean: one that is low shows in its text.
      const places = found.map(([place]) => place).filter((place) => place !== null);
      const fill = fillOf(places.length ? sum(places) / found.length : null);
      return { text: ends.map((text) => shorten(text)).join(" to "), fill };
    },
    legend: {
      title: clean(title),
      note: clean(note),
      stops: [
        ...stops.map(([place, text]) => ({ fill: fillOf(place), text: clean(text) })),
        ...(missing ? [none] : []),
      ],
    },
  };
}

/** What follows the first word where another text begins with the same one: "std 2 to 5". */
function withoutWord(text, other) {
  const word = text.slice(0, text.indexOf(" ") + 1);
  return other.startsWith(word) ? text.slice(word.length) : text;
}

/** Colour a box and write its value in it. */
export function paint(node, { text, fill, hatched = false }) {
  node.fill = fill;
  node.plain = true;
  node.hatched = hatched;
  node.lines = node.lines.filter((line) => line.role !== "params");
  const after = node.lines.findLastIndex((line) => /^(type|size|shape)$/.test(line.role));
  node.lines.splice(after + 1, 0, { text, role: "value" });
  node.title += `, ${text}`;
}
