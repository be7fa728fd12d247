// Dragging, clicking and the wheel.

const DRAGGED = 4; // pixels after which a press is a drag, not a click
const PLAIN_TURNS = 4; // turns of a plain wheel after which the hint comes, once

/**
 * @param {HTMLElement} stage
 * @param {ReturnType<typeof import("./camera.js").createCamera>} camera
 * @param {object} options
 * @param {boolean} options.free the wheel zooms by itself; else only with Ctrl or ⌘, since in a
 *   notebook the plain wheel scrolls the notebook
 * @param {() => void} options.onStart the picture starts to move
 * @param {() => void} options.onHint somebody seems to want to zoom
 * @param {(target: Element) => void} options.onClick
 */
export function handle(stage, camera, { free, onStart, onHint, onClick }) {
  let press = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    press = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
  });
  stage.addEventListener("pointermove", (event) => {
    if (press?.id !== event.pointerId) return;
    const dx = event.clientX - press.x;
    const dy = event.clientY - press.y;
    if (!press.moved && Math.hypot(dx, dy) < DRAGGED) return;
    if (!press.moved) {
      // Only now: a captured pointer would take the click away from the node.
      stage.setPointerCapture(event.pointerId);
      stage.classList.add("klv-dragging");
      onStart();
    }
    camera.pan(dx, dy);
    Object.assign(press, { x: event.clientX, y: event.clientY, moved: true });
  });
  const release = () => {
    stage.classList.remove("klv-dragging");
    // The click that ends a drag comes right after this event.
    const ended = press;
    setTimeout(() => press === ended && (press = null));
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("click", (event) => {
    const dragged = press?.moved;
    press = null;
    if (!dragged) onClick(event.target);
  });

  let turns = 0;
  stage.addEventListener(
    "wheel",
    (event) => {
      if (!free && !event.ctrlKey && !event.metaKey) {
        if (++turns === PLAIN_TURNS) onHint();
        return;
      }
      event.preventDefault();
      onStart();
      const outer = stage.getBoundingClientRect();
      const lines = event.deltaMode === 1 ? 24 : 1;
      const delta = Math.max(-120, Math.min(120, event.deltaY * lines));
      const point = { x: event.clientX - outer.left, y: event.clientY - outer.top };
      camera.zoom(Math.exp(-delta / 350), point);
    },
    { passive: false },
  );
}
