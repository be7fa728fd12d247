// Fields for the batch and the open sizes of the inputs.

import { make } from "./pane.js";

const LATER = 350; // milliseconds after the last key

/**
 * @param {(sizes: Record<string, (number | null)[]>) => void} onSizes
 */
export function createSizes(onSizes) {
  const box = make("div", "klv-sizes");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "Sizes of the inputs");
  box.hidden = true;
  let sizes = null;
  let fields = [];
  let timer = 0;

  function send() {
    clearTimeout(timer);
    if (!fields.every((field) => field.validity.valid)) return;
    const wanted = Object.entries(sizes.inputs).map(([name, shape]) => [name, [...shape]]);
    sizes.fields.forEach(({ input, axis }, n) => {
      const value = fields[n].value === "" ? null : Number(fields[n].value);
      for (const [name, shape] of wanted) {
        if ((input === null || input === name) && shape[axis] === null) shape[axis] = value;
      }
    });
    onSizes(Object.fromEntries(wanted));
  }

  function build() {
    fields = sizes.fields.map(({ label }) => {
      const field = make("input", "klv-field klv-size");
      field.type = "number";
      field.min = "1";
      field.max = "100000";
      field.step = "1";
      field.placeholder = "?";
      field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(send, LATER);
      });
      field.addEventListener("change", send);
      field.title = `${label}; empty: left open`;
      return field;
    });
    box.replaceChildren(
      ...fields.map((field, n) => {
        const label = make("label", "klv-colour", `${sizes.fields[n].label} `);
        label.append(field);
        return label;
      }),
    );
  }

  return {
    element: box,
    /** @param next `{fields: [{input, axis, label, value}], inputs: {name: shape}}`, or null */
    show(next) {
      const labels = (given) => JSON.stringify(given?.fields.map((field) => field.label));
      const same = labels(next) === labels(sizes);
      sizes = next ?? null;
      box.hidden = !sizes?.fields.length;
      if (box.hidden) return;
      if (!same) build();
      sizes.fields.forEach(({ value }, n) => {
        if (fields[n] !== document.activeElement) fields[n].value = value ?? "";
      });
    },
    destroy() {
      clearTimeout(timer);
    },
  };
}
