#!/usr/bin/env node
// The first thing every npm script runs, on whatever Node the machine has: installs what is missing, then hands over
// to the Node that the project brings. Only built-in modules here.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command, ...args] = process.argv.slice(2);

/** Runs a program with our terminal; resolves to its exit code, and passes on the signals that end us. */
function run(program, programArgs, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArgs, {
      cwd: root,
      stdio: "inherit",
      env,
      shell: process.platform === "win32" && program === "npm",
    });
    const forward = (signal) => child.kill(signal);
    // Ctrl-C reaches the child by itself, as part of the terminal's group; waiting for it lets it stop cleanly.
    const wait = () => {};
    process.on("SIGINT", wait);
    process.on("SIGTERM", forward);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", forward);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Installs from the lockfile unless node_modules was made from this very lockfile. */
async function install() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".meridian-lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.log("meridian: installing packages (once; about a minute) …");
  // No package of ours needs an install script: binaries come as per-platform packages.
  const code = await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  if (code !== 0) {
    console.error(
      "meridian: npm ci failed (its messages are above). Check that the npm registry can be reached, then run the command again.",
    );
    process.exit(code);
  }
  writeFileSync(stamp, lock);
}

/** The project's own Node where npm has a package for this platform, else this one when it is new enough. */
function findNode() {
  const own = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(own)) return own;
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major >= 24) return process.execPath;
  console.error(
    `meridian: npm has no Node 24 for ${process.platform}-${process.arch} and this is Node ${process.versions.node}. Install Node 24, then run the command again.`,
  );
  process.exit(1);
}

if (!command || !existsSync(join(root, "scripts", `${command}.ts`))) {
  console.error(`meridian: there is no command "${command ?? ""}". See the scripts in package.json.`);
  process.exit(2);
}
await install();
const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`;
process.exit(await run(findNode(), [join(root, "scripts", `${command}.ts`), ...args], { ...process.env, PATH: path }));
