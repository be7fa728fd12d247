// The code that made the graph, beside it: a line and its calls light each other, and stepping
// plays the graph growing, a line at a time.

import { make } from "./pane.js";

const STEP = 900; // milliseconds a line is shown while playing

/**
 * @typedef {object} Line
 * @property {number} number
 * @property {string} code
 * @property {string[]} notes shape, weights and cost, as short text
 * @property {{id: string, path: string[]}[]} calls what it made, with the groups around each
 */

/**
 * @param {object} state the view's present svg and marks
 */
export function createCode(state) {
  const element = make("div", "klv-lens");
  element.hidden = true;
  const bar = make("div", "klv-lens-bar");
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Step through the code");
  const list = make("ol", "klv-lens-lines");
  const said = make("span", "klv-lens-said");
  said.setAttribute("role", "status");
  element.append(bar, list);

  /** @type {Line[]} */
  let lines = [];
  let items = [];
  let steps = []; // places in `lines` of those that made something
  let at = null; // how many steps are shown; null for all of it
  let timer = null;

  const button = (text, label, act) => {
    const made = make("button", "klv-button", text);
    made.type = "button";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    bar.append(made);
    return made;
  };
  const back = button("◂", "One line back", () => step(-1));
  const on = button("▸", "One line on", () => step(1));
  const play = button("Play", "Play the graph growing", () => (timer ? pause() : start()));
  const whole = button("All", "Show the whole graph", () => go(null));
  bar.append(said);

  function show(next) {
    pause();
    lines = next;
    steps = lines.flatMap((line, place) => (line.calls.length ? [place] : []));
    items = lines.map((line) => {
      const item = make("li", "klv-lens-line");
      item.append(make("code", "klv-lens-text", line.code || " "));
      const notes = make("span", "klv-lens-notes");
      notes.append(...line.notes.filter(Boolean).map((note) => make("span", "", note)));
      item.append(notes);
      if (line.calls.length) {
        item.tabIndex = 0;
        item.classList.add("klv-lens-makes");
        const point = () => light(line);
        item.addEventListener("pointerenter", point);
        item.addEventListener("focus", point);
        item.addEventListener("pointerleave", rest);
        item.addEventListener("blur", dark);
      }
      return item;
    });
    list.replaceChildren(...items);
    element.hidden = !steps.length;
    go(null);
  }

  /** The mark that stands for a call: its own, or that of the closed group around it. */
  function markOf({ id, path }) {
    const shown = [id, state.drawnAs.get(id), ...[...path].reverse()];
    return state.marks.get(shown.find((one) => state.marks.has(one)));
  }

  const marksOf = (line) => new Set(line.calls.map(markOf).filter(Boolean));

  function light(line) {
    dark();
    for (const mark of marksOf(line)) mark.classList.add("klv-pointed");
  }

  function dark() {
    for (const mark of state.svg?.querySelectorAll(".klv-pointed") ?? []) {
      mark.classList.remove("klv-pointed");
    }
  }

  /** Light what has the focus, now that the pointer is gone. */
  function rest() {
    dark();
    const focused = lines[items.indexOf(document.activeElement)];
    if (focused) light(focused);
  }

  /** Light the lines that made what is in a node; none for null. */
  function point(id) {
    const mark = id === null ? null : state.marks.get(id);
    lines.forEach((line, place) => {
      items[place].classList.toggle("klv-lens-lit", Boolean(mark) && marksOf(line).has(mark));
    });
  }

  function step(by) {
    pause();
    go(Math.min(Math.max((at ?? (by > 0 ? 0 : steps.length + 1)) + by, 1), steps.length));
  }

  function start() {
    play.textContent = "Pause";
    go(at === null || at >= steps.length ? 1 : at + 1);
    timer = setInterval(() => {
      if (at >= steps.length) pause();
      else go(at + 1);
    }, STEP);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function go(place) {
    at = place;
    if (place === null) pause();
    back.disabled = at !== null && at <= 1;
    on.disabled = at !== null && at >= steps.length;
    whole.disabled = at === null;
    again();
    if (at === null) {
      said.textContent = "";
      return;
    }
    const now = steps[at - 1];
    said.textContent = `Line ${lines[now].number}, step ${at} of ${steps.length}`;
    items[now].scrollIntoView({ block: "nearest" });
  }

  /** Draw the present step again, after the picture was drawn anew. */
  function again() {
    const now = at === null ? null : steps[at - 1];
    items.forEach((item, place) => {
      item.classList.toggle("klv-lens-now", place === now);
      item.classList.toggle("klv-lens-later", now !== null && place > now);
      if (place === now) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    });
    if (!state.svg) return;
    // What no line made was there before the code ran.
    const later = new Set(lines.flatMap((line) => [...marksOf(line)]));
    lines.forEach((line, place) => {
      if (now === null || place <= now) for (const mark of marksOf(line)) later.delete(mark);
    });
    for (const mark of state.marks.values()) {
      mark.classList.toggle("klv-later", mark.matches(".node") && later.has(mark));
      mark.classList.toggle("klv-now", now !== null && marksOf(lines[now]).has(mark));
    }
    for (const edge of state.svg.querySelectorAll(".edge")) {
      const ends = [edge.dataset.source, edge.dataset.target].map((id) => state.marks.get(id));
      edge.classList.toggle("klv-later", ends.some((mark) => later.has(mark)));
    }
  }

  return { element, show, point, again, destroy: pause };
}
