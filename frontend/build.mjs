// Builds every island into the folder given as argument, with hashed names and manifest.json
// (entry name -> file name).  Run through `python -m engine.web.assets build`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(root, "dist");
const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: ["chrome87", "firefox85", "safari15"],
  legalComments: "linked",
  logLevel: "warning",
  charset: "utf8",
};

// name of the entry -> source; an island whose folder is not there yet is left out
const entries = Object.fromEntries(
  [
    ["app", "app/index.js"],
    ["style", "styles/index.css"],
    ["viewer", "viewer/index.js"],
    ["witness", "witness/index.js"],
    ["ceremony", "ceremony/index.js"],
    ["verifier", "verifier/index.js"],
  ].filter(([, source]) => existsSync(join(root, source))),
);

mkdirSync(out, { recursive: true });
const result = await build({
  ...common,
  entryPoints: entries,
  outdir: out,
  format: "esm",
  splitting: true,
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff": "file", ".woff2": "file", ".ttf": "file", ".eot": "file", ".svg": "dataurl" },
  metafile: true,
});

const nameOf = Object.fromEntries(Object.entries(entries).map(([name, source]) => [source, name]));
const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  const name = nameOf[output.entryPoint];
  if (!name) continue;
  manifest[file.endsWith(".css") ? `${name}.css` : `${name}.js`] = basename(file);
  if (output.cssBundle) manifest[`${name}.css`] = basename(output.cssBundle);
}

// The verifier as one file that a citizen can keep and open without a network.
const offline = join(root, "verifier", "offline.html");
if (entries.verifier && existsSync(offline)) {
  const bundle = await build({
    ...common,
    entryPoints: [join(root, entries.verifier)],
    format: "iife",
    write: false,
    legalComments: "none",
  });
  const script = bundle.outputFiles[0].text.replaceAll("</script", "<\\/script");
  const page = readFileSync(offline, "utf8").replace("<!-- verifier -->", () => `<script>${script}</script>`);
  writeFileSync(join(out, "verifier-offline.html"), page);
  manifest["verifier-offline.html"] = "verifier-offline.html";
}

writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
