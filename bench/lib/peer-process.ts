import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A peer's server in a process of its own. */
export interface PeerProcess {
  readonly port: number;
  readonly pid: number;
  readonly stop: () => void;
}

/** Starts a program that prints the port it listens at. It ends with us. @throws when it ends before that */
export async function startPeerProcess(file: string, args: readonly string[] = []): Promise<PeerProcess> {
  const child: ChildProcess = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const endWithUs = () => child.kill("SIGKILL");
  process.once("exit", endWithUs);
  if (!child.stdout || child.pid === undefined) throw new Error(`${file} did not start`);
  const { pid } = child;
  for await (const line of createInterface({ input: child.stdout })) {
    const stop = () => {
      process.removeListener("exit", endWithUs);
      child.kill("SIGKILL");
    };
    return { port: Number(line), pid, stop };
  }
  throw new Error(`${file} ended before it listened`);
}
