import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completeLockfile, type Lockfile } from "./lib/lockfile.ts";
import { ROOT } from "./lib/project.ts";

/** `npm run lockfile`: to be run after a dependency changed. */
const file = join(ROOT, "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8")) as Lockfile; // npm's own format, version 3
const added = completeLockfile(lock);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? "package-lock.json was complete" : `added ${added.length} per-platform packages to package-lock.json`);
