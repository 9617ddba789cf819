import { spawn } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../lib/project.ts";

export interface AgentOptions {
  readonly url: string;
  readonly key: string;
  /** Folder of its spool. */
  readonly spool: string;
}

/** Starts the host agent of this machine as a process of its own. @returns stops it: it flushes and ends within 5 s */
export function startAgent(options: AgentOptions): () => Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, "sdk/agent/main.ts")], {
    stdio: ["ignore", "inherit", "inherit"],
    // The key goes through the environment: arguments are readable by every user of the machine.
    env: { ...process.env, MERIDIAN_URL: options.url, MERIDIAN_KEY: options.key, MERIDIAN_SPOOL: options.spool },
    // In a group of its own, so that Ctrl-C reaches it through us and it can flush while the server still answers.
    detached: true,
  });
  let ended = false;
  const exited = new Promise<void>((resolve) =>
    child.once("exit", () => {
      ended = true;
      resolve();
    }),
  );
  child.once("error", (error) => console.error(`meridian: the host agent did not start: ${error.message}`));
  process.once("exit", () => ended || child.kill("SIGKILL"));
  return async () => {
    if (ended) return;
    child.kill("SIGTERM");
    const giveUp = setTimeout(() => child.kill("SIGKILL"), 6_000);
    await exited;
    clearTimeout(giveUp);
  };
}
