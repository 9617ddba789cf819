import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lib/project.ts";

/** `npm run bench -- <name> [args]`: runs `bench/<name>/index.ts`, which exports `run(args)`. */
const [name, ...args] = process.argv.slice(2);
const folder = join(ROOT, "bench");
const names = readdirSync(folder).filter((entry) => existsSync(join(folder, entry, "index.ts")));
if (!name || !names.includes(name)) {
  console.error(`npm run bench -- <name>, where name is one of: ${names.join(", ")}`);
  process.exit(2);
}
const bench: unknown = await import(join(folder, name, "index.ts"));
if (typeof bench !== "object" || bench === null || !("run" in bench) || typeof bench.run !== "function")
  throw new Error(`bench/${name}/index.ts exports no run(args)`);
await bench.run(args);
