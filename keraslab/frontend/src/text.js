// Text of a model: made harmless, short and of a known width.

// Advance widths of the printable ASCII characters in thousandths of the font size, as DejaVu Sans
// has them: the widest of the fonts a picture meets, so that no box is too narrow with any of them.
const REGULAR =
  "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 818 592 592 525 636 337 636 838"
    .split(" ")
    .map(Number);
const BOLD =
  "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 838 838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 771 724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 478 712 652 924 645 652 582 712 365 712 838"
    .split(" ")
    .map(Number);

/** The width of `text` in points at `size`. */
export function widthOf(text, size, bold = false) {
  const table = bold ? BOLD : REGULAR;
  let sum = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    if (code >= 32 && code < 127) sum += table[code - 32];
    else if (code === 0xb7) sum += 380;
    else if (code < 0x250) sum += 850;
    else sum += 1240;
  }
  return (sum / 1000) * size;
}

// Control characters XML forbids, lone surrogates, non-characters, and marks that reorder the
// text around them.
const UNSAFE =
  /[\p{Cs}\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu;

/** One line of harmless text from anything. */
export function clean(value) {
  return String(value ?? "").replace(UNSAFE, "\uFFFD").replace(/\s+/gu, " ").trim();
}

const SEGMENTER = globalThis.Intl?.Segmenter && new Intl.Segmenter();

/** `text` cut in the middle to at most `limit` characters as a reader counts them. */
export function shorten(value, limit = 28) {
  // A long text is cut by code units first: splitting a megabyte into characters takes long.
  let text = clean(value);
  const far = 16 * limit;
  if (text.length > 2 * far) text = clean(`${text.slice(0, far)}${text.slice(-far)}`);
  const marks = SEGMENTER
    ? Array.from(SEGMENTER.segment(text), (part) => part.segment)
    : Array.from(text);
  if (marks.length <= limit) return text;
  const head = Math.ceil((limit - 1) / 2);
  return `${marks.slice(0, head).join("")}…${marks.slice(marks.length - (limit - 1 - head)).join("")}`;
}

// Characters that no XML may hold, not even escaped.
const FORBIDDEN = /[\p{Cs}\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/gu;

/** `text` for XML content and double-quoted attributes. */
export function xml(text) {
  return text
    .replace(FORBIDDEN, "\uFFFD")
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `text` as a quoted DOT string; Graphviz reads entities and backslash codes in it. */
export function quoted(text) {
  return `"${text.replace(/&/g, "&amp;").replace(/\\/g, "\\\\").replace(/"/g, '\\"')}"`;
}

/** Lines as one quoted DOT label. */
export function label(lines) {
  return `"${lines.map((line) => quoted(line).slice(1, -1)).join("\\n")}"`;
}

/** A count with thousands separated: `1,234,567`. */
export function count(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A shape as people write it: `? × 28 × 28 × 1`. */
export function shapeText(shape) {
  if (!shape?.length) return "scalar";
  return shape.map((size) => (size === null ? "?" : String(size))).join(" × ");
}

const UNITS = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** A number in three digits. */
function threeDigits(number) {
  return String(Number(number.toPrecision(3)));
}

/** A large count in three digits and a unit: `3.86 G`. */
export function short(number) {
  const [size, unit] = UNITS.find(([least]) => number >= least) ?? [1, ""];
  return unit ? `${threeDigits(number / size)} ${unit}` : String(number);
}

/** Bytes in three digits and a unit: `1.2 MB`. */
export function bytes(number) {
  const [size, unit] = UNITS.find(([least]) => number >= least) ?? [1, ""];
  return `${unit ? threeDigits(number / size) : number} ${unit}B`;
}

/** A part between 0 and 1 in hundredths: `3.1 %`. */
export function percent(part) {
  const hundredths = 100 * part;
  if (hundredths > 0 && hundredths < 0.1) return "< 0.1 %";
  return `${hundredths >= 10 ? Math.round(hundredths) : Math.round(10 * hundredths) / 10} %`;
}
