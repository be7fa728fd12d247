/**
 * Deflated bytes as they were.
 * @param {BufferSource} bytes
 * @returns {Response} to be read as text or JSON
 */
export function inflate(bytes) {
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")));
}
