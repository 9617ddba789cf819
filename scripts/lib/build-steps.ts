import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashFiles, listFiles, ROOT, run } from "./project.ts";

export interface BuildStep {
  readonly name: string;
  /** What the result depends on: folders and files of the project. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
  /** Exists after the step has run. */
  readonly result: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** Everything a server needs, in order: the worker's build reads the console's folder. */
export const BUILD_STEPS: readonly BuildStep[] = [
  {
    name: "console",
    folders: ["web", "sdk", "contract"],
    files: ["package-lock.json"],
    result: "dist/web/console/index.html",
    program: "vite",
    args: ["build", "--config", "web/vite.config.ts", "--logLevel", "warn"],
  },
  {
    name: "browser SDK",
    folders: ["sdk", "contract"],
    files: ["web/sdk.vite.config.ts", "package-lock.json"],
    result: "dist/web/sdk/user.js",
    program: "vite",
    args: ["build", "--config", "web/sdk.vite.config.ts", "--mode", "user", "--logLevel", "warn"],
  },
  {
    // After the end user's, whose build empties the folder.
    name: "browser SDK of rooms",
    folders: ["sdk", "contract"],
    files: ["web/sdk.vite.config.ts", "package-lock.json"],
    result: "dist/web/sdk/room.js",
    program: "vite",
    args: ["build", "--config", "web/sdk.vite.config.ts", "--mode", "room", "--logLevel", "warn"],
  },
  {
    // After the console, whose build empties the folder that these files go to.
    name: "edge files",
    folders: ["contract", "workers"],
    files: ["scripts/edge-files.ts", "package-lock.json"],
    result: "dist/web/_headers",
    program: process.execPath,
    args: ["scripts/edge-files.ts"],
  },
  {
    name: "platform",
    folders: ["contract", "core", "durable-objects", "workers"],
    files: ["wrangler.toml", "package-lock.json"],
    result: "dist/worker/platform.js",
    program: "wrangler",
    args: ["deploy", "--dry-run", "--outdir", "dist/worker"],
  },
];

/** Runs a step unless its result stands and was made from the same sources. @returns whether it ran @throws with the tool's output when it fails */
export async function runStep(step: BuildStep, force = false): Promise<boolean> {
  const sources = [...listFiles(...step.folders).filter((file) => !/\.test\.tsx?$/.test(file)), ...step.files];
  const hash = hashFiles(sources);
  const stamp = join(ROOT, "dist", `.${step.name}.hash`);
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === hash && existsSync(join(ROOT, step.result));
  if (fresh && !force) return false;
  const { code, output } = await run(step.program, step.args);
  if (code !== 0) throw new Error(`The build of the ${step.name} failed:\n${output}`);
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}
