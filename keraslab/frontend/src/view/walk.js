// Walking along a drawing with the arrow keys.

/** Ids as they are read: from the top, and in a row from the left. */
export function order(marks) {
  const places = [...marks].map(([id, mark]) => ({ id, box: mark.getBoundingClientRect() }));
  places.sort((a, b) => a.box.top - b.box.top || a.box.left - b.box.left);
  return places.map((place) => place.id);
}

/**
 * The nearest node in a direction; one straight ahead wins over one at the side.
 * @param {string} from
 * @param {[number, number]} direction
 * @param {Map<string, Element>} marks
 * @param {(mark: Element) => {left: number, right: number, top: number, bottom: number}} boxOf
 * @returns {string | null}
 */
export function nearest(from, [dx, dy], marks, boxOf) {
  if (!marks.has(from)) return null;
  const middle = (box) => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const start = boxOf(marks.get(from));
  const [x, y] = middle(start);
  let best = null;
  let least = Infinity;
  for (const [id, mark] of marks) {
    if (id === from) continue;
    const box = boxOf(mark);
    const [toX, toY] = middle(box);
    const ahead = (toX - x) * dx + (toY - y) * dy;
    if (ahead < 2) continue;
    // Sideways counts only beyond the overlap of the two boxes.
    const apart = dx
      ? Math.max(0, box.top - start.bottom, start.top - box.bottom)
      : Math.max(0, box.left - start.right, start.left - box.right);
    const off = Math.abs((toX - x) * dy) + Math.abs((toY - y) * dx);
    const cost = ahead + 3 * apart + 0.3 * off;
    if (cost < least) [best, least] = [id, cost];
  }
  return best;
}
