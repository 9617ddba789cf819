import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { BUILD_STEPS, runStep } from "../lib/build-steps.ts";
import { ROOT } from "../lib/project.ts";
import type { Check } from "./check.ts";

/** Bytes, gzip. The console's is a promise of the first issue; the scripts' keep start-up short on the platform. */
export const BUDGETS = {
  consoleFirstLoad: 120 * 1024,
  /** What a page that is not ours loads of each of our clients. */
  userSdk: 10 * 1024,
  roomSdk: 10 * 1024,
  /** The edge script carries every route schema and the auth library. */
  edge: 900 * 1024,
  /** Objects share 128 MB; what they carry is kept small: docs/develop.md says what takes how much of it. */
  objects: 245 * 1024,
} as const;

/** Scripts that a page loads before it shows anything: those its HTML names, and what they import statically. */
export function firstLoadScripts(html: string, read: (path: string) => string): string[] {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    for (const match of read(path).matchAll(/(?:^|[;}\s])(?:import|export)[^"'();]*?(?:from)?\s*["'](\.{1,2}\/[^"']+\.js)["']/g))
      visit(new URL(match[1] ?? "", `file://${folder}`).pathname);
  };
  for (const match of html.matchAll(/(?:src|href)="(\/[^"]+\.js)"/g)) visit(match[1] ?? "");
  return [...seen];
}

export const budgets: Check = {
  name: "budgets",
  run: async () => {
    for (const step of BUILD_STEPS) await runStep(step);
    const faults: string[] = [];
    const judge = (name: string, bytes: number, budget: number): void => {
      console.log(`  ${name}: ${(bytes / 1024).toFixed(1)} KiB of ${budget / 1024} KiB`);
      if (bytes > budget) faults.push(`${name} has ${bytes} bytes gzip; the budget is ${budget}`);
    };
    const web = (path: string): string => readFileSync(join(ROOT, "dist/web", path), "utf8");
    const scripts = firstLoadScripts(web("console/index.html"), web);
    judge(
      "console, first load",
      scripts.reduce((sum, path) => sum + gzipSync(web(path)).length, 0),
      BUDGETS.consoleFirstLoad,
    );
    judge("browser SDK", gzipSync(web("sdk/user.js")).length, BUDGETS.userSdk);
    judge("browser SDK of rooms", gzipSync(web("sdk/room.js")).length, BUDGETS.roomSdk);
    judge("platform script", gzipSync(readFileSync(join(ROOT, "dist/worker/platform.js"))).length, BUDGETS.edge + BUDGETS.objects);
    return faults;
  },
};
