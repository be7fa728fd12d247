// Numbers as the kernel sends them, little end first.

/**
 * @param {DataView | ArrayBuffer} raw eight bytes a value
 * @returns {number[]}
 */
export function doubles(raw) {
  const view = bytes(raw);
  return Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true));
}

/**
 * @param {DataView | ArrayBuffer} raw four bytes a value
 * @returns {(number | null)[]} null, a gap, for what is not a number
 */
export function singles(raw) {
  const view = bytes(raw);
  return Array.from({ length: view.byteLength / 4 }, (_, i) => {
    const value = view.getFloat32(4 * i, true);
    return Number.isFinite(value) ? value : null;
  });
}

function bytes(raw) {
  return ArrayBuffer.isView(raw)
    ? new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
    : new DataView(raw);
}
