import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { ROOT } from "../../scripts/lib/project.ts";

const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A browser of tests asks nobody but the server under test. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/**
 * An installed Chromium (or the one that CHROMIUM_PATH names), else the one that comes inside npm, so that `npm test` needs no system
 * package. The npm one brings its own shared libraries, which are used only where the system's do not suffice.
 */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env["CHROMIUM_PATH"];
  const installed = named === "npm" ? undefined : [named, ...INSTALLED].find((path) => path && existsSync(path));
  if (installed) return await chromium.launch({ executablePath: installed, args: ARGS });
  const cache = join(ROOT, ".cache", "chromium");
  mkdirSync(cache, { recursive: true });
  const { default: packaged, inflate } = await import("@sparticuz/chromium");
  // The package unpacks into the temporary folder of the process; ours stays out of other programs' way.
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = cache;
  try {
    const executablePath = await packaged.executablePath();
    // Without a locale its `navigator.language` is `en-US@posix`, which no Intl function takes.
    const env = { ...process.env, FONTCONFIG_FILE: writeFontConfig(cache), LANG: "en_US.UTF-8" };
    try {
      return await chromium.launch({ executablePath, args: ARGS, env });
    } catch {
      // The system has no NSS, NSPR or expat: take the package's own.
      const folder = await inflate(join(ROOT, "node_modules/@sparticuz/chromium/bin/al2023.tar.br"));
      return await chromium.launch({ executablePath, args: ARGS, env: { ...env, LD_LIBRARY_PATH: join(folder, "lib") } });
    }
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
}

/** The package's own configuration looks for its fonts where only its usual host unpacks them; a browser without any font ends at the first letter. */
function writeFontConfig(cache: string): string {
  const file = join(cache, "fonts.conf");
  const folders = [join(cache, "fonts"), "/usr/share/fonts", "/usr/local/share/fonts"].map((folder) => `<dir>${folder}</dir>`);
  const text = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>${folders.join("")}<cachedir>${join(cache, "fonts-cache")}</cachedir></fontconfig>\n`;
  // Another browser may be reading it.
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  return file;
}

export interface WatchedPage {
  readonly page: Page;
  /** Console errors, uncaught errors and requests to other origins, as they happened. */
  readonly faults: string[];
}

/** A page that remembers what CONSOLE.md forbids: console errors and requests to another origin. */
export async function watchPage(context: BrowserContext, origin: string): Promise<WatchedPage> {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.protocol !== "blob:" && url.host !== new URL(origin).host)
      faults.push(`foreign request: ${request.url()}`);
  });
  return { page, faults };
}
