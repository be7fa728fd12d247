// A small map of a drawing larger than its stage, with a frame around what is in sight.

import { make } from "./pane.js";

const SVG = "http://www.w3.org/2000/svg";
const [LONG, SHORT] = [150, 36]; // pixels of its sides, at most and at least

/**
 * @param {HTMLElement} stage
 * @param {ReturnType<typeof import("./camera.js").createCamera>} camera
 */
export function createMinimap(stage, camera) {
  const box = make("div", "klv-map");
  box.hidden = true;
  box.setAttribute("aria-hidden", "true"); // the keyboard moves along the graph itself
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("preserveAspectRatio", "none");
  const nodes = document.createElementNS(SVG, "path");
  const frame = document.createElementNS(SVG, "rect");
  nodes.setAttribute("class", "klv-map-nodes");
  frame.setAttribute("class", "klv-map-frame");
  svg.append(nodes, frame);
  box.append(svg);
  stage.append(box);

  /** Follow the camera. */
  function follow() {
    const { sight, size } = camera;
    const big = Math.max(size.width / sight.width, size.height / sight.height) > 1.3;
    box.hidden = !big || camera.whole;
    if (box.hidden) return;
    const cut = (start, length, whole) => {
      const from = Math.max(0, Math.min(start, whole));
      return [from, Math.max(0, Math.min(start + length, whole) - from)];
    };
    const [x, width] = cut(sight.x, sight.width, size.width);
    const [y, height] = cut(sight.y, sight.height, size.height);
    const attributes = { x, y, width, height };
    for (const [key, value] of Object.entries(attributes)) frame.setAttribute(key, value.toFixed(1));
  }

  /** Stand in the lower corner that has less of the picture under it. */
  function stand(boxes) {
    box.classList.remove("klv-map-right");
    if (box.hidden || !stage.clientWidth) return;
    const { sight } = camera;
    const pixel = sight.width / stage.clientWidth;
    const [wide, high] = [(box.offsetWidth + 16) * pixel, (box.offsetHeight + 16) * pixel];
    const [top, bottom] = [sight.y + sight.height - high, sight.y + sight.height];
    const common = (a, b, c, d) => Math.max(0, Math.min(b, d) - Math.max(a, c));
    const under = (left) =>
      boxes.reduce(
        (sum, { x, y, width, height }) =>
          sum + common(left, left + wide, x, x + width) * common(top, bottom, y, y + height),
        0,
      );
    const right = under(sight.x + sight.width - wide) < 0.9 * under(sight.x); // at the left, if alike
    box.classList.toggle("klv-map-right", right);
  }

  function moveTo(event) {
    const outer = svg.getBoundingClientRect();
    const part = (at, start, length) => Math.max(0, Math.min(1, (at - start) / length));
    camera.centre(
      camera.size.width * part(event.clientX, outer.left, outer.width),
      camera.size.height * part(event.clientY, outer.top, outer.height),
    );
  }

  // The stage must not take these for drags and clicks of its own.
  for (const kind of ["pointerdown", "pointermove", "pointerup", "click"]) {
    box.addEventListener(kind, (event) => event.stopPropagation());
  }
  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    box.setPointerCapture(event.pointerId);
    moveTo(event);
    event.preventDefault();
  });
  box.addEventListener("pointermove", (event) => {
    if (box.hasPointerCapture(event.pointerId)) moveTo(event);
  });

  return {
    follow,

    /** Draw the nodes of a new picture. */
    redraw(marks) {
      const { width, height } = camera.size;
      const scale = Math.min(LONG / width, LONG / height);
      const side = (length) => Math.max(SHORT, Math.min(LONG, length * scale));
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.setAttribute("width", side(width).toFixed(0));
      svg.setAttribute("height", side(height).toFixed(0));
      const boxes = [];
      let shift = null; // Graphviz moves the whole drawing
      for (const mark of marks.values()) {
        if (mark.classList.contains("cluster")) continue;
        shift ??= mark.closest(".graph")?.transform.baseVal.consolidate()?.matrix ?? { e: 0, f: 0 };
        const { x, y, width: across, height: down } = mark.getBBox();
        boxes.push({ x: x + shift.e, y: y + shift.f, width: across, height: down });
      }
      const line = ({ x, y, width: across, height: down }) =>
        `M${x.toFixed(0)},${y.toFixed(0)}h${across.toFixed(0)}v${down.toFixed(0)}h${(-across).toFixed(0)}Z`;
      nodes.setAttribute("d", boxes.map(line).join(""));
      follow();
      stand(boxes);
    },
  };
}
