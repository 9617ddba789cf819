#!/usr/bin/env node
// Runs the agent with a Node that knows TypeScript (22.18 or newer): this one, else the one that npm installed beside it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  await import("./main.ts");
} else {
  const newer = newerNode();
  if (newer === undefined) {
    console.error(
      `meridian-agent: needs Node 24, this is ${process.versions.node}. Install Node 24, or run "npm install" in the checkout.`,
    );
    process.exitCode = 1;
  } else {
    const child = spawn(newer, [fileURLToPath(new URL("./main.ts", import.meta.url)), ...process.argv.slice(2)], { stdio: "inherit" });
    // A service manager signals this process; the agent must hear it too, and gets its five seconds.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", (error) => {
      console.error(`meridian-agent: ${newer} does not start: ${error.message}`);
      process.exitCode = 1;
    });
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? (signal === null ? 1 : 128);
    });
  }
}

function newerNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return undefined; // not installed for this platform
  }
}
