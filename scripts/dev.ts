import { spawn } from "node:child_process";
import { BUILD_STEPS, runStep } from "./lib/build-steps.ts";
import { QUIET_ENV, ROOT } from "./lib/project.ts";

/** `npm run dev`: the platform under wrangler dev and the console under vite, both reloading on save. */
for (const step of BUILD_STEPS.filter(({ name }) => name === "console")) await runStep(step);
const programs = [
  ["wrangler", "dev", "--port", "8787", "--persist-to", ".meridian/dev"],
  ["vite", "--config", "web/vite.config.ts", "--port", "5173"],
] as const;
const migrations = ["DB", "HISTORY"].map((name) => [
  "wrangler",
  "d1",
  "migrations",
  "apply",
  name,
  "--local",
  "--persist-to",
  ".meridian/dev",
]);
for (const [program = "", ...args] of migrations)
  await new Promise((resolve) =>
    spawn(program, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, ...QUIET_ENV, CI: "true" } }).once(
      "close",
      resolve,
    ),
  );
const children = programs.map(([program, ...args]) =>
  spawn(program, args, { cwd: ROOT, stdio: "inherit", env: { ...process.env, ...QUIET_ENV } }),
);
for (const child of children)
  child.once("exit", (code) => {
    for (const other of children) other.kill("SIGTERM");
    process.exitCode = code ?? 0;
  });
