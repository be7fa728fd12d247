// The details of the call or group that is selected, asked for and shown.

import { callsOf } from "./calls.js";

/**
 * @param {object} parts pane, card, camera and note
 * @param {object} state the view's present svg, marks, selected, current and picture
 * @param {object} acts
 * @param {(id: string) => Promise<object>} acts.ask what is known of a call or group
 * @param {(id: string | null) => void} acts.choose marks it as the selected one
 * @param {(mark: Element) => object} acts.boxOf
 */
export function createDetails({ pane, card, camera, note }, state, { ask, choose, boxOf }) {
  let newest = 0;

  const cardOf = (id, call) => state.picture.nodes[call] ?? state.picture.nodes[id];

  /** @param again whether they are shown already, of the graph before */
  async function read(id, call, again) {
    const mine = ++newest;
    const wanted = () => mine === newest && state.selected === call && pane.open;
    try {
      const found = await ask(call);
      if (!wanted()) return;
      const calls = callsOf(id, state);
      pane.show(cardOf(id, call), { ...found, calls, id: call }, call, again);
    } catch (error) {
      if (wanted()) pane.fail(cardOf(id, call), String(error?.message ?? error));
    }
  }

  return {
    /** @param id what is drawn; @param call the call meant, where it is drawn with others */
    async open(id, call = id) {
      choose(call);
      card.hide();
      pane.wait(cardOf(id, call));
      camera.reveal(boxOf(state.marks.get(id)), pane.width);
      note.waiting();
      await read(id, call, false);
      note.settle();
    },

    /** Show what there is to say of the same call in another graph. */
    again(id) {
      if (pane.open && id !== null) read(id, state.selected, true);
    },

    close() {
      const inside = pane.open && pane.contains(document.activeElement);
      choose(null);
      pane.hide();
      if (inside) state.marks.get(state.current)?.focus({ preventScroll: true });
    },
  };
}
