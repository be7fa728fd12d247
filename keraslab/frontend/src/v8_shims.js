// What a bare V8 lacks and the Graphviz module asks for. In a browser all of it is there already.

/** Decodes UTF-8 from bytes; malformed bytes become U+FFFD. */
class Utf8Decoder {
  decode(bytes = new Uint8Array()) {
    let text = "";
    for (let i = 0; i < bytes.length; ) {
      const first = bytes[i++];
      const more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : -1;
      if (more < 0 || i + more > bytes.length) {
        text += "\uFFFD";
        continue;
      }
      let point = more === 0 ? first : first & (0x3f >> more);
      for (let k = 0; k < more; k++) point = (point << 6) | (bytes[i++] & 0x3f);
      text += point <= 0x10ffff ? String.fromCodePoint(point) : "\uFFFD";
    }
    return text;
  }
}

/** Encodes text as UTF-8 bytes; a lone surrogate becomes U+FFFD. */
class Utf8Encoder {
  encode(text = "") {
    const bytes = [];
    for (const character of text) {
      let point = character.codePointAt(0);
      if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
      else if (point < 0x10000)
        bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
      else
        bytes.push(
          0xf0 | (point >> 18),
          0x80 | ((point >> 12) & 0x3f),
          0x80 | ((point >> 6) & 0x3f),
          0x80 | (point & 0x3f),
        );
    }
    return Uint8Array.from(bytes);
  }
}

globalThis.TextDecoder ??= Utf8Decoder;
globalThis.TextEncoder ??= Utf8Encoder;
globalThis.console ??= { log() {}, warn() {}, error() {} };
globalThis.performance ??= { now: () => Date.now() };
// Expat salts its hash tables with it; nothing here is a secret.
globalThis.crypto ??= {
  getRandomValues(bytes) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(Math.random() * 256);
    return bytes;
  },
};
