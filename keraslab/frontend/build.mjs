// Builds src/ into the committed dist/. Run `npm ci && node build.mjs`.
// The result depends only on the sources and the lock file: no dates, no absolute paths.
import { build } from "esbuild";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Every built file: [source, format, name of the global it defines where there is one]. */
const ENTRIES = [
  ["engine.js", "iife", "keraslabEngine"],
  ["graph_widget.js", "esm"],
  ["graph_widget.css"],
  ["page.js", "iife"],
  ["curves_widget.js", "esm"],
  ["comparison_widget.js", "esm"],
];

for (const [name, format, globalName] of ENTRIES) {
  if (!existsSync(`${here}/src/${name}`)) {
    console.error(`src/${name} is missing: dist/${name} was not built`);
    process.exitCode = 1;
    continue;
  }
  await build({
    absWorkingDir: here,
    entryPoints: [`src/${name}`],
    outfile: `dist/${name}`,
    bundle: true,
    minify: true,
    // The WASM sits in a string of 8-bit characters; escaped it would double in size.
    charset: "utf8",
    target: "es2022",
    logLevel: "warning",
    // V8 inside Python has no modules, hence no import.meta; nothing is ever loaded by address.
    define: { "import.meta.url": '"about:blank"' },
    ...(format && { format }),
    ...(globalName && { globalName }),
  });
}
