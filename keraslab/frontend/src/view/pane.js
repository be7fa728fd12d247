// The hover card and the details pane: plain text in plain elements.

/** Make an element with a class and text; text never becomes markup. */
export function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function heading(head, level) {
  const box = make("div", "klv-heading");
  box.append(make(level, "klv-title", head.title));
  if (head.type) box.append(make("span", "klv-type", head.type));
  return box;
}

function list(rows) {
  const dl = make("dl", "klv-rows");
  for (const [label, value] of rows) {
    dl.append(make("dt", "", label), make("dd", "", value));
  }
  return dl;
}

/** A name that leads to its node. */
function link(name, id, go) {
  const made = make("button", "klv-link", name);
  made.type = "button";
  made.title = `Go to ${name}`;
  made.addEventListener("click", () => go(id));
  return made;
}

function table(head, rows, go) {
  const box = make("div", "klv-scroll");
  const element = make("table", "klv-table");
  const top = element.createTHead().insertRow();
  for (const text of head) {
    const cell = make("th", "", text);
    cell.scope = "col";
    top.append(cell);
  }
  const body = element.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const cell of row) {
      const plain = typeof cell === "string";
      const td = make("td", "", plain ? cell : undefined);
      if (!plain) td.append(link(cell.name, cell.id, go));
      line.append(td);
    }
  }
  box.append(element);
  return box;
}

const MOST_ROWS = 200;

const shapeText = (shape) => shape.map((size) => size ?? "?").join(" × ") || "scalar";

/** What a call is to the model, by name: `input a`. */
function portRows(ports) {
  return ports.map(({ key, is }) => [`Model ${is}`, key ?? "the only one"]);
}

/** Details as titled lists and tables. */
function sections(details) {
  const { weights = [], from = [], to = [], config = {}, ports = [], line = null } = details;
  const { more = {}, calls = [], id = null } = details;
  const typeOf = ({ dtype, masked }) => (masked ? `${dtype}, masked` : dtype);
  const tensors = (ends) => ends.map((end) => [end, shapeText(end.shape), typeOf(end)]);
  const cut = (rows, untold = 0) => {
    const left = Math.max(0, rows.length - MOST_ROWS) + untold;
    return left ? [...rows.slice(0, MOST_ROWS), [`… and ${left} more`]] : rows;
  };
  const weightRows = weights.map(({ name, shape, dtype, trainable }) => {
    return [name, shapeText(shape), trainable ? dtype : `${dtype}, not trained`];
  });
  const code = line ? [[`${line.place}, line ${line.number}`, line.text.trim()]] : [];
  const callRows = calls.map((each) => [
    each.id === id ? `${each.text}, above` : { name: each.text, id: each.id },
    each.takes,
    each.gives,
  ]);
  return [
    { title: "Calls of the shared layer", head: ["Call", "Takes", "Gives"], rows: cut(callRows) },
    { title: "Code", rows: code, code: true },
    { title: "Of the model", rows: portRows(ports) },
    { title: "Inputs, from", head: ["Name", "Shape", "Type"], rows: cut(tensors(from), more.from) },
    { title: "Outputs, to", head: ["Name", "Shape", "Type"], rows: cut(tensors(to), more.to) },
    { title: "Weights", head: ["Name", "Shape", "Type"], rows: cut(weightRows, more.weights) },
    { title: "Settings", rows: Object.entries(config) },
  ];
}

/**
 * What a node is, beside it, while the pointer or the focus is on it.
 * @param {HTMLElement} stage
 */
export function createCard(stage) {
  const card = make("div", "klv-card");
  card.setAttribute("aria-hidden", "true"); // a screen reader reads the label of the node
  card.hidden = true;
  stage.append(card);
  return {
    /** @param node a card of the picture; @param box the node's place, in pixels of the stage */
    show(node, box, covered = 0) {
      card.replaceChildren(heading(node, "div"), list(node.rows));
      if (node.hint) card.append(make("div", "klv-hint", node.hint));
      card.hidden = false;
      const { offsetWidth: width, offsetHeight: height } = card;
      const gap = 10;
      const room = stage.clientWidth - covered;
      const after = box.right + gap + width <= room;
      const before = box.left - gap - width >= 0;
      let left = after ? box.right + gap : box.left - gap - width;
      let top = (box.top + box.bottom - height) / 2;
      if (!after && !before) {
        left = (box.left + box.right - width) / 2;
        const below = box.bottom + gap;
        top = below + height <= stage.clientHeight ? below : box.top - gap - height;
      }
      left = Math.max(4, Math.min(left, room - width - 4));
      top = Math.max(4, Math.min(top, stage.clientHeight - height - 4));
      card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
    },
    hide() {
      card.hidden = true;
    },
  };
}

/**
 * Everything about one node, until it is closed.
 * @param {HTMLElement} parent
 * @param {() => void} onClose
 * @param {(id: string) => void} onGo somebody follows a name to its node
 * @param {(id: string, settings: object[]) => Element | null} formOf what can be tried with it
 */
export function createPane(parent, onClose, onGo, formOf) {
  const pane = make("aside", "klv-pane");
  pane.setAttribute("aria-label", "Details");
  pane.hidden = true;
  const close = make("button", "klv-button klv-close", "×");
  close.type = "button";
  close.setAttribute("aria-label", "Close the details");
  close.addEventListener("click", onClose);
  const body = make("div", "klv-body");
  body.tabIndex = 0;
  pane.append(close, body);
  parent.append(pane);
  return {
    get open() {
      return !pane.hidden;
    },
    contains(node) {
      return pane.contains(node);
    },
    /** How much of the stage it covers, in pixels; nothing where it covers nearly all. */
    get width() {
      const { offsetWidth: width } = pane;
      return width < 0.6 * parent.clientWidth ? width : 0;
    },
    wait(node) {
      body.replaceChildren(heading(node, "h3"), list(node.rows), make("p", "klv-hint", "Reading …"));
      pane.hidden = false;
    },
    /**
     * @param node the card
     * @param details what the kernel, or the page, knows beyond it
     * @param {string} id
     * @param {boolean} again the same node once more: the eye and the keyboard stay where they are
     */
    show(node, details, id, again = false) {
      const { scrollTop } = body;
      const focused = again && body.contains(document.activeElement) && document.activeElement;
      const label = focused && focused.closest("form") && (focused.ariaLabel || focused.textContent);
      body.replaceChildren(heading(node, "h3"), list(node.rows));
      const form = formOf(id, details.settings);
      if (form) body.append(make("h4", "", "What if"), form);
      for (const { title, head, rows, code } of sections(details)) {
        if (!rows.length) continue;
        body.append(make("h4", "", title));
        if (code) body.append(make("p", "klv-hint", rows[0][0]), make("pre", "klv-code", rows[0][1]));
        else body.append(head ? table(head, rows, onGo) : list(rows));
      }
      body.scrollTop = again ? scrollTop : 0;
      pane.hidden = false;
      if (!focused) return;
      const fields = [...(form?.elements ?? [])].filter((one) => !one.hidden);
      const same = fields.find((one) => (one.ariaLabel || one.textContent) === label);
      (same ?? body).focus({ preventScroll: true });
    },
    fail(node, text) {
      body.replaceChildren(heading(node, "h3"), list(node.rows), make("p", "klv-hint", text));
    },
    hide() {
      pane.hidden = true;
    },
  };
}
