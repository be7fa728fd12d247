// The line over a picture: its name and totals, and the tools.

import { make } from "./pane.js";

const OVERLAYS = [
  ["", "kind of layer"],
  ["params", "parameters"],
  ["macs", "MACs"],
  ["memory", "activation memory"],
  ["receptive_field", "receptive field"],
  ["dtype", "dtype"],
  ["trainable", "trainable or frozen"],
];

/** A button of the bar; `pressed` buttons stay down until they are pressed again. */
function button(text, label, act, pressed) {
  const made = make("button", "klv-button", text);
  made.type = "button";
  made.title = label;
  made.setAttribute("aria-label", label);
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", act);
  return made;
}

/**
 * @param {object} acts
 * @param {(change: object) => void} acts.onLook
 * @param {() => void} acts.onTable
 * @param {() => void} acts.unfold
 * @param {() => void} acts.fold
 * @param {ReturnType<typeof import("./camera.js").createCamera>} acts.camera
 * @param {HTMLElement[]} acts.fields what stands between the totals and the tools
 */
export function createBar({ onLook, onTable, unfold, fold, camera, fields }) {
  const bar = make("div", "klv-bar");
  const name = make("span", "klv-name");
  const totals = make("span", "klv-totals");
  const tools = make("div", "klv-tools");
  tools.setAttribute("role", "toolbar");
  tools.setAttribute("aria-label", "Picture");

  const colour = make("label", "klv-colour", "Colours ");
  const menu = make("select", "klv-select");
  menu.setAttribute("aria-label", "What the colours show");
  for (const [value, text] of OVERLAYS) menu.append(new Option(text, value));
  menu.addEventListener("change", () => onLook({ overlay: menu.value || null }));
  colour.append(menu);
  const toggle = (made, key) => onLook({ [key]: made.getAttribute("aria-pressed") !== "true" });
  const shapes = button("Shapes", "Shapes on the edges", () => toggle(shapes, "shapes"), false);
  const once = button("Shared as one", "Shared layers as one box", () => toggle(once, "once"), false);
  const table = button("Table", "Table of all calls", onTable, false);
  const unfoldAll = button("Unfold all", "Unfold all groups", unfold);
  const foldAll = button("Fold all", "Fold all groups", fold);
  const eye = make("span", "klv-eye");
  eye.append(
    button("−", "Zoom out (key −)", () => camera.zoom(1 / 1.25, null, true)),
    button("+", "Zoom in (key +)", () => camera.zoom(1.25, null, true)),
    button("Fit", "Fit the whole graph (key 0)", () => camera.fit(true)),
  );
  tools.append(colour, shapes, once, table, unfoldAll, foldAll, eye);
  bar.append(name, totals, ...fields, tools);

  return {
    element: bar,

    /** @param {import("../view.js").Picture} picture */
    show(picture) {
      name.textContent = picture.name;
      totals.textContent = picture.totals;
      const { look = {} } = picture;
      colour.hidden = Boolean(look.status);
      menu.options[0].text = look.measured || OVERLAYS[0][1];
      menu.value = look.overlay ?? "";
      shapes.setAttribute("aria-pressed", String(Boolean(look.shapes)));
      once.hidden = !picture.shared && !look.once;
      once.setAttribute("aria-pressed", String(Boolean(look.once)));
      unfoldAll.hidden = foldAll.hidden = picture.groups.length === 0;
      const pressed = document.activeElement;
      unfoldAll.disabled = picture.groups.length === picture.opened.length;
      foldAll.disabled = picture.opened.length === 0;
      // A button that goes off would drop the focus, and the keys with it.
      if (pressed === unfoldAll && unfoldAll.disabled) foldAll.focus();
      if (pressed === foldAll && foldAll.disabled) unfoldAll.focus();
    },

    tableShown(shown) {
      table.setAttribute("aria-pressed", String(shown));
    },
  };
}
