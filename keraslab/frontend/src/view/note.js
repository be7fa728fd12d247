// The word at the foot of the stage: that something takes long, or how to zoom.

import { make } from "./pane.js";

const SOON = 350; // milliseconds without a picture before saying so
const LONG = 2500;

/**
 * @param {HTMLElement} stage
 * @param {string} slow what to say when a picture takes long
 */
export function createNote(stage, slow) {
  const note = make("div", "klv-note");
  note.setAttribute("role", "status");
  stage.append(note);
  let timers = [];

  function say(text) {
    note.textContent = text;
    note.classList.toggle("klv-on", text !== "");
  }

  function settle() {
    timers.forEach(clearTimeout);
    timers = [];
    say("");
  }

  return {
    settle,

    /** Say so when an answer takes long. */
    waiting() {
      settle();
      timers.push(
        setTimeout(() => say("One moment …"), SOON),
        setTimeout(() => say(slow), LONG),
      );
    },

    /** Say something for a moment. */
    hint(text) {
      say(text);
      timers.push(setTimeout(() => say(""), 1800));
    },
  };
}
