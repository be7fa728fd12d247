// What differs between the models of two variants: their table and picture come from the kernel.
import { make } from "./curves_small.js";

const BUSY = "The kernel is busy; the difference appears as soon as it is free.";
const PATIENCE = 600;

export class Diff {
  /**
   * @param {(a: string, b: string) => void} ask asks the kernel
   * @param {(id: string) => Promise<HTMLElement | null>} picture gives the element of a widget
   */
  constructor(parent, ask, picture) {
    this.ask = ask;
    this.picture = picture;
    this.root = make("details", "klq-fold klq-diff", parent);
    make("summary", "", this.root).textContent = "What differs between two of the models";
    const row = make("div", "klq-choose", this.root);
    this.choices = ["from", "to"].map((word) => {
      const label = make("label", "", row);
      make("span", "", label).textContent = word;
      const select = make("select", "klq-select", label);
      select.setAttribute("aria-label", word);
      select.addEventListener("change", () => this.want());
      return select;
    });
    this.said = make("div", "klq-wait", this.root);
    this.said.setAttribute("role", "status");
    this.words = make("div", "klq-words", this.root);
    this.place = make("div", "klq-picture", this.root);
    this.root.addEventListener("toggle", () => this.root.open && this.want());
    this.names = "";
    this.wanted = "";
    this.timer = 0;
  }

  show(variants) {
    const names = JSON.stringify(variants.map((one) => one.name));
    if (names === this.names) return;
    this.names = names;
    this.root.hidden = variants.length < 2;
    this.choices.forEach((select, place) => {
      select.replaceChildren(
        ...variants.map(({ name }, i) => new Option(name, String(i), i === place, i === place)),
      );
    });
    if (this.root.open) this.want();
  }

  want() {
    const [a, b] = this.choices.map((select) => Number(select.value));
    const wanted = `${a} ${b}`;
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.said.textContent = BUSY), PATIENCE);
    this.ask(a, b);
  }

  /** @param {{a: number, b: number, html?: string, error?: string, widget?: string}} answer */
  async answered({ a, b, html = "", error = "", widget = "" }) {
    if (`${a} ${b}` !== this.wanted) return;
    clearTimeout(this.timer);
    this.said.textContent = error;
    this.words.innerHTML = html; // the kernel's own table, in which all text is escaped
    const shown = widget ? await this.picture(widget) : null;
    if (`${a} ${b}` !== this.wanted) return;
    this.place.replaceChildren(...(shown ? [shown] : []));
  }

  destroy() {
    clearTimeout(this.timer);
  }
}
