import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Failpoint } from "../../contract/failpoints.ts";
import { ROOT } from "../../scripts/lib/project.ts";
import { freePort } from "../lib/server.ts";

export interface CrashServer {
  readonly url: string;
  readonly demo: { readonly apiKey: string; readonly agentKey: string };
  /** Resolves when the failpoint was reached and the process group is gone. */
  readonly killed: Promise<void>;
  /** Kills it here and now, wherever it is. */
  kill(): Promise<void>;
}

/**
 * Starts the server on a state folder; once the failpoint's hit is reported its whole process group gets SIGKILL.
 * @throws when the server ends before it was ready
 */
export async function startCrashServer(
  state: string,
  failpoint?: { readonly name: Failpoint; readonly hit: number },
  clockOffsetMs = 0,
): Promise<CrashServer> {
  const port = await freePort();
  const args = [
    join(ROOT, "tests/chaos/crash-child.ts"),
    "--port",
    String(port),
    "--state",
    state,
    "--clock-offset",
    String(clockOffsetMs),
  ];
  if (failpoint) args.push("--failpoints", `${failpoint.name}:${failpoint.hit}`);
  const child = spawn(process.execPath, args, { cwd: ROOT, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const killWithUs = (): void => killGroup(child);
  process.once("exit", killWithUs);
  child.once("exit", () => process.off("exit", killWithUs));
  let printed = "";
  const exited = new Promise<void>((done) => child.once("exit", () => done()));
  await new Promise<void>((ready, failed) => {
    const read = (chunk: Buffer): void => {
      const text = chunk.toString();
      // The report may be cut in two: look at what came last, too.
      const recent = printed.slice(-200) + text;
      printed += text;
      if (recent.includes('{"failpoint":')) killGroup(child);
      if (recent.includes("ready\n")) ready();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void exited.then(() =>
      // A timer that was due may meet the failpoint while the server starts: that is a kill like any other.
      printed.includes('{"failpoint":') ? ready() : failed(new Error(`the server ended before it was ready:\n${printed.slice(-4_000)}`)),
    );
  });
  return {
    url: `http://127.0.0.1:${port}`,
    demo: JSON.parse(readFileSync(join(state, "demo.json"), "utf8")) as CrashServer["demo"], // the server just wrote it
    killed: exited,
    kill: async () => {
      killGroup(child);
      await exited;
    },
  };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // ESRCH: it is gone already, which is what was asked for.
  }
}
