// Builds what is served, the same bytes from the same sources, into relevo/web/static/widget: run it by `make web`.

import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "vite";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = process.env.RELEVO_WIDGET_OUT ?? join(HERE, "..", "relevo", "web", "static", "widget");
const LICENCE = "/*! Relevo's chat, Apache-2.0; with Preact, MIT, (c) Jason Miller */\n";
const SOURCES = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"];
const FOLDERS = ["core", "locales", "types", "widget"];

const { version } = JSON.parse(await readFile(join(HERE, "package.json"), "utf8"));
const locales = await readLocales();
const files = new Map();

const labels = Object.fromEntries(Object.entries(locales).filter(([language]) => !language.endsWith("-formal")).map(([language, words]) => [language, words["launcher.open"]]));
const chunks = {};
const [panel, ...rest] = await bundled("widget/panel.tsx", "es");
for (const [language, words] of Object.entries(locales)) {
  const isFirst = ([key]) => panel.code.includes(`"${key}"`) || panel.code.includes(`\`${key}\``);
  const first = Object.entries(words).filter(isFirst);
  const more = keep(`more-${language}`, written(Object.entries(words).filter((one) => !isFirst(one))));
  chunks[language] = keep(language, `${written(first)};export const more=again=>import("./${more}"+again)`);
}
for (const { fileName, code } of [panel, ...rest]) files.set(fileName, code);
const names = { __PANEL__: JSON.stringify(panel.fileName), __LOCALES__: JSON.stringify(chunks), __LABELS__: JSON.stringify(labels) };
const [loader] = await bundled("widget/loader.ts", "iife", names);
files.set("widget.js", LICENCE + loader.code);
const [full] = await bundled("widget/loader.ts", "iife", names, "widget/parts-full.ts");
files.set(`${version}/widget.full.js`, LICENCE + full.code);

await rm(OUT, { recursive: true, force: true });
const measured = {};
for (const [name, text] of [...files].sort(([one], [other]) => (one < other ? -1 : 1))) measured[name] = await write(name, Buffer.from(text));
const manifest = { version, sources: await hashOfSources(), files: measured };
await writeFile(join(OUT, "manifest.json"), `${JSON.stringify(manifest, null, 1)}\n`);
await writeFile(join(OUT, "relevo-widget.d.ts"), await readFile(join(HERE, "types", "relevo-widget.d.ts")));
for (const [name, { bytes, gzip, brotli }] of Object.entries(measured)) console.log(`${name.padEnd(28)} ${bytes} B, gzip ${gzip}, brotli ${brotli}`);

async function bundled(entry, format, define = {}, parts = undefined) {
  const isSplit = format === "es";
  const output = { format, minify: true, comments: { annotation: false }, ...(isSplit ? { entryFileNames: "panel-[hash].js", chunkFileNames: "[name]-[hash].js" } : { codeSplitting: false }) };
  const [{ output: chunks }] = await build({
    root: HERE,
    configFile: false,
    logLevel: "warn",
    define: { "process.env.NODE_ENV": '"production"', ...define },
    resolve: parts ? { alias: [{ find: /^\.\/parts$/, replacement: join(HERE, parts) }] } : {},
    oxc: { jsx: { runtime: "classic", pragma: "h", pragmaFrag: "Fragment" } },
    plugins: [...(isSplit ? [{ name: "again", renderChunk: withAgain }] : []), { name: "preact", enforce: "pre", transform: (code, id) => (id.endsWith(".tsx") ? `import { h, Fragment } from "preact";${code}` : null) }],
    build: {
      write: false,
      target: "es2022",
      cssMinify: true,
      cssTarget: ["chrome123", "firefox121", "safari17.5"], // no rules for older ones: what they lack here is decoration
      modulePreload: false,
      lib: { entry: join(HERE, entry), formats: [format], name: "relevo" },
      rolldownOptions: { output, preserveEntrySignatures: "allow-extension" },
    },
  }).then((result) => [result].flat());
  return chunks.map(({ fileName, code }) => ({ fileName, code }));
}

function written(words) {
  return `export default${JSON.stringify(Object.fromEntries(words))}`;
}

/** Let a part that could not be fetched be asked for at another address. */
function withAgain(code, { isEntry }) {
  const found = code.replaceAll(/\(_again\) => import\(("[^"]+")\)/g, "(_again) => import($1 + _again)");
  if (isEntry && found === code) throw new Error("No part is brought in by (_again) => import(…) any more.");
  return { code: found, map: null };
}

/** Name a file by what is in it, so that it may be kept for ever. */
function keep(name, text) {
  const hashed = `${name}-${createHash("sha256").update(text).digest("hex").slice(0, 10)}.js`;
  files.set(hashed, text);
  return hashed;
}

async function write(name, body) {
  const file = join(OUT, name);
  const gzip = gzipSync(body, { level: 9 });
  const brotli = brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: body.length } });
  await mkdir(dirname(file), { recursive: true });
  await Promise.all([writeFile(file, body), writeFile(`${file}.gz`, gzip), writeFile(`${file}.br`, brotli)]);
  const integrity = `sha384-${createHash("sha384").update(body).digest("base64")}`;
  return { bytes: body.length, gzip: gzip.length, brotli: brotli.length, integrity };
}

/** The hash that tells whether what is served was built from these sources; tests/unit/web/test_widget_files.py computes it, too. */
async function hashOfSources() {
  const found = [...SOURCES.map((name) => join(HERE, name))];
  for (const folder of FOLDERS)
    for (const entry of await readdir(join(HERE, folder), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) found.push(join(entry.parentPath, entry.name));
  const hash = createHash("sha256");
  for (const name of found.map((file) => relative(HERE, file).replaceAll("\\", "/")).sort())
    hash.update(`${name}\n`).update(createHash("sha256").update(await readFile(join(HERE, name))).digest("hex")).update("\n");
  return hash.digest("hex");
}

async function readLocales() {
  const read = async (folder) => {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
    return Promise.all(names.map(async (name) => [name.slice(0, -5), JSON.parse(await readFile(join(folder, name), "utf8"))]));
  };
  const plain = Object.fromEntries(await read(join(HERE, "locales")));
  const formal = (await read(join(HERE, "locales", "formal"))).map(([language, words]) => [`${language}-formal`, { ...plain[language], ...words }]);
  return { ...plain, ...Object.fromEntries(formal) };
}
