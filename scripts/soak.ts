import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lib/project.ts";

/** `npm run soak -- <capability> [args]`: runs `tests/chaos/<capability>.ts`, which exports `soak(args)` and prints seeds and counts for docs/soak.md. */
const [name, ...args] = process.argv.slice(2);
const folder = join(ROOT, "tests/chaos");
const file = join(folder, `${name ?? ""}.ts`);
if (!name || !existsSync(file)) {
  const names = readdirSync(folder).filter((entry) => entry.endsWith(".ts") && !entry.endsWith(".test.ts"));
  console.error(`npm run soak -- <capability>, one of: ${names.map((entry) => entry.slice(0, -3)).join(", ")}`);
  process.exit(2);
}
const loaded: unknown = await import(file);
if (typeof loaded !== "object" || loaded === null || !("soak" in loaded) || typeof loaded.soak !== "function")
  throw new Error(`tests/chaos/${name}.ts exports no soak(args)`);
await loaded.soak(args);
