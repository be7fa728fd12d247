// Text from a model may be hostile. Drawings and tables come as markup, so they are parsed
// apart from the page and only what is listed here is copied into it, node by node.

const SVG = "http://www.w3.org/2000/svg";

const SVG_ELEMENTS = new Set(
  "svg g path polygon polyline ellipse circle rect line text tspan defs linearGradient stop".split(
    " ",
  ),
);
const SVG_ATTRIBUTES = new Set(
  (
    "class transform d points x y dx dy x1 y1 x2 y2 cx cy r rx ry width height viewBox fill " +
    "fill-opacity stroke stroke-width stroke-dasharray stroke-opacity opacity text-anchor " +
    "font-family font-size font-weight font-style dominant-baseline offset stop-color " +
    "text-decoration stroke-linecap stroke-linejoin"
  ).split(" "),
);
// By others a notebook may be told to run a command when they are clicked.
const SVG_DATA = new Set(
  "data-id data-shared data-also data-source data-target data-shape data-change data-height data-legend".split(
    " ",
  ),
);
const TABLE_ELEMENTS = new Set(
  "DIV P SPAN B STRONG EM I SMALL CODE BR TABLE CAPTION THEAD TBODY TFOOT TR TH TD".split(" "),
);
const TABLE_ATTRIBUTES = new Set(["class", "colspan", "rowspan", "scope"]);

/**
 * Copy a drawing into nodes that carry no script, no handler, no link and no foreign content.
 * @param {string} text SVG markup
 * @returns {SVGSVGElement}
 */
export function safeSvg(text) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (parsed.localName !== "svg" || parsed.querySelector("parsererror")) {
    throw new Error("The drawing is not valid SVG.");
  }
  return copy(parsed, (node) => {
    if (node.namespaceURI !== SVG || !SVG_ELEMENTS.has(node.localName)) return null;
    return attributes(document.createElementNS(SVG, node.localName), node, SVG_ATTRIBUTES, SVG_DATA);
  });
}

/**
 * Copy a table that the kernel wrote; anything but table and text markup is left out.
 * @param {string} text HTML markup
 * @returns {DocumentFragment}
 */
export function safeTable(text) {
  const fragment = document.createDocumentFragment();
  const body = new DOMParser().parseFromString(text, "text/html").body;
  for (const child of body.childNodes) {
    const made = copy(child, (node) =>
      TABLE_ELEMENTS.has(node.tagName)
        ? attributes(document.createElement(node.tagName), node, TABLE_ATTRIBUTES)
        : null,
    );
    if (made) fragment.append(made);
  }
  return fragment;
}

function copy(node, make) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  const made = node.nodeType === Node.ELEMENT_NODE ? make(node) : null;
  if (made) {
    for (const child of node.childNodes) {
      const inner = copy(child, make);
      if (inner) made.append(inner);
    }
  }
  return made;
}

function attributes(made, node, allowed, data = new Set()) {
  for (const { name, value } of node.attributes) {
    if ((allowed.has(name) || data.has(name)) && !/url\s*\(/i.test(value)) {
      made.setAttribute(name, value);
    }
  }
  return made;
}
