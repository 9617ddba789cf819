import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unstable_readConfig } from "wrangler";
import { FILE_ROOTS, ROOT_PATHS } from "../../contract/paths.ts";
import { completeLockfile, type Lockfile } from "../lib/lockfile.ts";
import { listFiles, ROOT } from "../lib/project.ts";
import type { Check } from "./check.ts";

const MAX_FILE_LINES = 400;
const MAX_OBJECT_LINES = 250;

/** Source files that grew past the ceiling of STYLE: one file, one thing. */
export const fileSizes: Check = {
  name: "file sizes",
  run: () =>
    listFiles("contract", "core", "durable-objects", "workers", "sdk", "web", "scripts", "tests", "bench")
      .filter((path) => /\.(tsx?|mjs|css)$/.test(path))
      .flatMap((path) => {
        const text = readFileSync(join(ROOT, path), "utf8");
        const lines = text.split("\n").length - 1;
        const ceiling = /extends DurableObject\b/.test(text) && !path.includes(".test.") ? MAX_OBJECT_LINES : MAX_FILE_LINES;
        return lines > ceiling ? [`${path} has ${lines} lines; the ceiling is ${ceiling}`] : [];
      }),
};

const RAW_ROUTE = /\bapp\.(get|post|put|patch|delete|all|on|use|openapi|route|mount)\(/g;

/** Routes that would bypass `route(app, spec, handler)`, and with it the action that every route must name. */
export function rawRoutes(path: string, text: string): string[] {
  return [...text.matchAll(RAW_ROUTE)].map(
    (match) => `${path}: ${match[0]}…) bypasses route(app, spec, handler), so the route would have no action`,
  );
}

export const routesNameActions: Check = {
  name: "routes name an action",
  run: () =>
    listFiles("workers")
      .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.startsWith("workers/http/"))
      .flatMap((path) => rawRoutes(path, readFileSync(join(ROOT, path), "utf8"))),
};

/** Reserved root paths overlap each other or are not sent to the Worker first. */
export function pathFaults(roots: readonly string[], workerFirst: readonly string[]): string[] {
  const faults: string[] = [];
  for (const a of roots)
    for (const b of roots) if (a !== b && b.startsWith(`${a}/`)) faults.push(`contract/paths.ts: ${b} lies inside ${a}`);
  const covers = (root: string): boolean => workerFirst.some((pattern) => pattern === root || pattern === `${root}/*`);
  for (const root of roots.filter((path) => !FILE_ROOTS.includes(path)))
    if (!covers(root)) faults.push(`wrangler.toml: run_worker_first does not list ${root}`);
  for (const pattern of workerFirst) {
    const root = pattern.replace(/\/\*$/, "");
    if (pattern !== "/" && !roots.includes(root))
      faults.push(`wrangler.toml: run_worker_first lists ${pattern}, which contract/paths.ts does not reserve`);
  }
  return faults;
}

export const paths: Check = {
  name: "reserved paths",
  run: () => {
    const first = unstable_readConfig({ config: join(ROOT, "wrangler.toml") }).assets?.run_worker_first;
    return pathFaults(Object.keys(ROOT_PATHS), Array.isArray(first) ? first : []);
  },
};

export const lockfile: Check = {
  name: "lockfile",
  run: () => {
    const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lockfile; // npm's own format, version 3
    const missing = completeLockfile(lock).length;
    return missing === 0 ? [] : [`package-lock.json lacks ${missing} per-platform packages; run: npm run lockfile`];
  },
};
