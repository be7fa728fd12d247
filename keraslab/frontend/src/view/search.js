// Finding calls and groups by name, type or shape, folded ones too.

import { make } from "./pane.js";

/**
 * @param {object} options
 * @param {ReturnType<typeof import("./rows.js").createRows>} options.rows
 * @param {(row: import("./rows.js").Row) => void} options.onGo shows a hit, opening what is around
 * @param {(hits: import("./rows.js").Row[] | null) => void} options.onHits null: nothing is searched
 * @param {() => void} options.onLeave the keyboard goes back to the picture
 */
export function createSearch({ rows, onGo, onHits, onLeave }) {
  const box = make("div", "klv-search");
  const field = make("input", "klv-field");
  field.type = "search";
  field.placeholder = "Search  /";
  field.spellcheck = false;
  field.autocomplete = "off";
  field.setAttribute("aria-label", "Search by name, type or shape; Enter goes to the next");
  field.title = "Name, type or shape; Enter: next, Shift+Enter: previous (key /)";
  const said = make("span", "klv-count");
  said.setAttribute("role", "status");
  box.append(field, said);

  let hits = null;
  let at = -1;
  let searched = "";
  let turn = 0;
  let finding = Promise.resolve(); // a search that may still wait for the rows

  function say() {
    if (hits === null) said.textContent = "";
    else if (!hits.length) said.textContent = "no hit";
    else if (at < 0) said.textContent = hits.length === 1 ? "1 hit" : `${hits.length} hits`;
    else said.textContent = `${at + 1} of ${hits.length}`;
  }

  function find(again = false) {
    finding = Promise.all([finding, look(again)]);
    return finding;
  }

  async function look(again) {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const key = words.join(" ");
    if (key === searched && !again) return;
    searched = key;
    const mine = ++turn;
    const here = again ? hits?.[at]?.id : undefined;
    if (!words.length) hits = null;
    else {
      let found;
      try {
        found = await rows.get();
      } catch {
        if (mine === turn) said.textContent = "cannot search now";
        return;
      }
      if (mine !== turn) return; // the text has changed since
      hits = found.all.filter((row) => words.every((word) => row.text.includes(word)));
    }
    at = here === undefined || !hits ? -1 : hits.findIndex((row) => row.id === here);
    say();
    onHits(hits);
  }

  async function go(step) {
    await find();
    if (!hits?.length) return;
    at = at < 0 ? (step > 0 ? 0 : hits.length - 1) : (at + step + hits.length) % hits.length;
    say();
    onGo(hits[at]);
  }

  field.addEventListener("input", () => find());
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      field.value = "";
      find();
      onLeave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    element: box,
    focus() {
      field.focus();
      field.select();
    },
    /** Search the new graph's rows. */
    again() {
      if (hits !== null) find(true);
    },
  };
}
