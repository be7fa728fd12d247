// Where the eye is: pan and zoom of one drawing inside its stage.

const CLOSEST = 6;
const FARTHEST = 0.05;
const MARGIN = 14;
/** Below this scale the labels cannot be read: rather show the top than everything. */
const READABLE = 0.75;

/**
 * @param {HTMLElement} stage
 * @param {number} largest the scale that fitting never goes beyond
 */
export function createCamera(stage, largest) {
  let layer = null;
  let size = { width: 1, height: 1 };
  let at = { x: 0, y: 0, k: 1 };
  /** True until a person moves the picture: then it stays where they put it. */
  let automatic = true;
  let onMove = () => {};

  function show(glide) {
    if (!layer) return;
    layer.classList.toggle("klv-glide", Boolean(glide));
    layer.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.k})`;
    onMove();
  }

  function room() {
    return {
      width: Math.max(1, stage.clientWidth - 2 * MARGIN),
      height: Math.max(1, stage.clientHeight - 2 * MARGIN),
    };
  }

  function center(k, top) {
    at = {
      k,
      x: (stage.clientWidth - size.width * k) / 2,
      y: top ? MARGIN : (stage.clientHeight - size.height * k) / 2,
    };
  }

  const camera = {
    get automatic() {
      return automatic;
    },

    /** The drawing's width and height. */
    get size() {
      return size;
    },

    /** The part of the drawing, and of what is around it, that the stage shows. */
    get sight() {
      return {
        x: -at.x / at.k,
        y: -at.y / at.k,
        width: stage.clientWidth / at.k,
        height: stage.clientHeight / at.k,
      };
    },

    /** Call `act` whenever the eye moves. */
    watch(act) {
      onMove = act;
    },

    /** Bring a point of the drawing to the middle of the stage. */
    centre(x, y) {
      at.x = stage.clientWidth / 2 - x * at.k;
      at.y = stage.clientHeight / 2 - y * at.k;
      automatic = false;
      show();
    },

    /** Whether the whole drawing is in sight. */
    get whole() {
      return (
        at.x >= 0 &&
        at.y >= 0 &&
        at.x + size.width * at.k <= stage.clientWidth &&
        at.y + size.height * at.k <= stage.clientHeight
      );
    },

    /** Take over a new drawing; where the eye is stays as it is. */
    hold(newLayer, newSize) {
      layer = newLayer;
      size = newSize;
      show();
    },

    /** The height that shows the drawing at the scale its width allows. */
    wantedHeight() {
      const { width } = room();
      return size.height * Math.min(largest, Math.max(READABLE, width / size.width)) + 2 * MARGIN;
    },

    /** Show everything if it can be read; else its top, as wide as the stage. */
    rest(glide) {
      const { width, height } = room();
      const across = Math.min(largest, width / size.width);
      const whole = Math.min(across, height / size.height);
      if (whole >= READABLE) center(whole, false);
      else center(Math.max(across, Math.min(READABLE, across * 2)), size.height * across > height);
      automatic = true;
      show(glide);
    },

    /** Show everything. */
    fit(glide) {
      const { width, height } = room();
      center(Math.min(largest, width / size.width, height / size.height), false);
      automatic = false;
      show(glide);
    },

    /** Bring the drawing back if none, or hardly any, of it is in sight. */
    find() {
      const seen = (start, length, stageLength) =>
        Math.min(start + length, stageLength) - Math.max(start, 0);
      const across = seen(at.x, size.width * at.k, stage.clientWidth);
      const down = seen(at.y, size.height * at.k, stage.clientHeight);
      if (across < 40 || down < 40) camera.rest();
    },

    pan(dx, dy, glide) {
      at.x += dx;
      at.y += dy;
      automatic = false;
      show(glide);
    },

    /** Zoom about a point of the stage; without one, about its middle. */
    zoom(factor, point, glide) {
      const { x, y } = point ?? { x: stage.clientWidth / 2, y: stage.clientHeight / 2 };
      const k = Math.min(CLOSEST, Math.max(FARTHEST, at.k * factor));
      at = { k, x: x - ((x - at.x) * k) / at.k, y: y - ((y - at.y) * k) / at.k };
      automatic = false;
      show(glide);
    },

    /**
     * Pan just enough that a box (in pixels of the stage) is in sight, left of what covers it;
     * `asked` tells whether a person wants to see it, and the eye is to stay there.
     */
    reveal(box, covered = 0, asked = true) {
      const before = automatic;
      const shift = (start, end, length) => {
        const edge = Math.min(24, length / 8);
        if (start < edge) return edge - start;
        if (end > length - edge) return Math.max(length - edge - end, edge - start);
        return 0;
      };
      const dx = shift(box.left, box.right, stage.clientWidth - covered);
      const dy = shift(box.top, box.bottom, stage.clientHeight);
      if (dx || dy) camera.pan(dx, dy, true);
      if (!asked) automatic = before;
    },
  };
  return camera;
}
