// "What if": one setting of a layer changed in its details, and the line that says what of the
// picture is only tried, with the way back.

import { make } from "./pane.js";

function button(text, label, act) {
  const made = make("button", "klv-button", text);
  made.type = "button";
  made.title = label;
  made.addEventListener("click", act);
  return made;
}

/** The field for one setting, with how to read it. */
function fieldOf({ name, kind, value, options, whole }) {
  if (kind === "bool" || kind === "choice") {
    const menu = make("select", "klv-select klv-try-value");
    const words = kind === "bool" ? ["True", "False"] : options;
    for (const word of words) menu.append(new Option(word, word));
    menu.value = kind === "bool" ? (value ? "True" : "False") : value;
    menu.setAttribute("aria-label", `New value of ${name}`);
    return { field: menu, read: () => (kind === "bool" ? menu.value === "True" : menu.value) };
  }
  const field = make("input", "klv-field klv-try-value");
  field.setAttribute("aria-label", `New value of ${name}`);
  field.value = String(value);
  if (kind === "numbers") return { field, read: () => field.value };
  field.type = "number";
  field.step = whole ? "1" : "any";
  return { field, read: () => (field.validity.valid && field.value !== "" ? Number(field.value) : null) };
}

/**
 * @param {object} acts
 * @param {(wanted: {id: string, setting: string, value: unknown}) => Promise<void>} acts.onTry
 * @param {(all: boolean) => void} acts.onUndo
 */
export function createWhatIf({ onTry, onUndo }) {
  const bar = make("div", "klv-tried");
  bar.setAttribute("role", "status");
  bar.hidden = true;
  let tried = 0;
  let last = null; // the setting that was looked at last

  return {
    bar,

    /** @param changes `{changes: [text], more, totals: [text]}`; null for the graph as it is */
    show(changes) {
      const within = bar.contains(document.activeElement);
      tried = changes ? changes.changes.length + changes.more : 0;
      bar.hidden = !tried;
      if (!tried) return bar.replaceChildren();
      const words = make("span", "klv-tried-words");
      const more = changes.more ? `${changes.more} earlier; ` : "";
      words.append(make("b", "", "What if "), more + changes.changes.join("; "));
      const totals = make("span", "klv-tried-totals", changes.totals.join(" · "));
      const undo = button("Undo", "Take back the last change", () => onUndo(false));
      bar.replaceChildren(words, totals, undo);
      if (tried > 1) bar.append(button("Undo all", "Take back all changes", () => onUndo(true)));
      if (within) undo.focus();
    },

    /** The form for a call, none where it has nothing to change. */
    form(id, settings = []) {
      if (!settings.length) return null;
      const box = make("form", "klv-try");
      const menu = make("select", "klv-select");
      menu.setAttribute("aria-label", "Setting to change");
      for (const { name } of settings) menu.append(new Option(name, name));
      if (settings.some(({ name }) => name === last)) menu.value = last;
      else menu.value = (settings.find(({ kind }) => kind === "number") ?? settings[0]).name;
      const place = make("span", "klv-try-place");
      const said = make("p", "klv-try-said");
      said.setAttribute("role", "alert");
      let now;
      const pick = () => {
        now = fieldOf(settings.find(({ name }) => name === menu.value));
        place.replaceChildren(now.field);
        said.textContent = "";
      };
      menu.addEventListener("change", () => {
        last = menu.value;
        pick();
      });
      const send = make("button", "klv-button", "Try");
      send.type = "submit";
      box.addEventListener("submit", async (event) => {
        event.preventDefault();
        last = menu.value;
        const value = now.read();
        if (value === null) return void (said.textContent = `${menu.value} must be a number.`);
        said.textContent = "";
        try {
          await onTry({ id, setting: menu.value, value });
        } catch (error) {
          said.textContent = String(error?.message ?? error);
        }
      });
      pick();
      const undo = button("Undo", "Take back the last change", () => onUndo(false));
      undo.hidden = !tried;
      box.append(menu, place, send, undo, said);
      return box;
    },
  };
}
