import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { childrenOf, isRunning, processOf } from "./processes.ts";
import { freeState, lockState } from "./state-lock.ts";

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-lock-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

/** A process that does nothing until it is ended. */
function idler(): { child: ChildProcess; pid: number; ended: Promise<unknown> } {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 60_000)"], { stdio: "ignore" });
  started.push(child);
  return { child, pid: child.pid ?? 0, ended: once(child, "exit") };
}

/** The lock that a server leaves which cannot clean up. */
function leave(server: object, children: readonly object[]): void {
  writeFileSync(join(folder, "server.json"), JSON.stringify({ server, children }));
}

const GONE = { pid: 4_190_000, began: "long ago" };

describe("the lock of a state folder", () => {
  it("[SC14] refuses a second server while the first one lives, and lets it in afterwards", async () => {
    const other = idler();
    leave(processOf(other.pid)!, []);
    await expect(lockState(folder)).rejects.toThrow(`in use by Meridian, process ${other.pid}`);
    other.child.kill("SIGKILL");
    await other.ended;
    const lock = await lockState(folder);
    lock.release();
    expect(existsSync(join(folder, "server.json"))).toBe(false);
  });

  it("[SC14] is given to exactly one of those that start at once after a kill", async () => {
    const left = [idler(), idler()].map(({ pid }) => processOf(pid)!);
    leave(GONE, left);
    const program = `
      const { lockState } = await import(${JSON.stringify(new URL("state-lock.ts", import.meta.url).href)});
      process.stdout.write("ready;");
      process.stdin.once("data", () => lockState(${JSON.stringify(folder)}).then(() => "got it;", () => "refused;").then((word) => process.stdout.write(word)));`;
    const rivals = [1, 2, 3].map(() => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["pipe", "pipe", "ignore"] });
      started.push(child);
      const rival = { child, said: "" };
      child.stdout.on("data", (words: Buffer) => (rival.said += words.toString()));
      return rival;
    });
    const said = () => rivals.map((rival) => rival.said).sort();
    await expect.poll(said, { timeout: 20_000 }).toEqual(Array(3).fill("ready;"));
    for (const { child } of rivals) child.stdin.write("go");
    await expect.poll(said, { timeout: 20_000 }).toEqual(["ready;got it;", "ready;refused;", "ready;refused;"]);
  });

  it("[SC15] notes what the server started, and ends it when the server was killed", async () => {
    const runtime = idler();
    const lock = await lockState(folder);
    lock.noteChildren();
    expect(childrenOf(process.pid).map(({ pid }) => pid)).toContain(runtime.pid);
    const { children } = JSON.parse(readFileSync(join(folder, "server.json"), "utf8")) as { children: object[] };
    expect(children).toContainEqual(processOf(runtime.pid));
    leave(GONE, [processOf(runtime.pid)!]);
    expect(await freeState(folder)).toBe(1);
    await runtime.ended;
    expect(runtime.child.signalCode).toBe("SIGKILL");
  });

  it("[SC15] leaves a process alone that has the number of one that is gone", async () => {
    const stranger = idler();
    const sameNumber = { pid: stranger.pid, began: "long ago" };
    expect(isRunning(sameNumber)).toBe(false);
    leave(sameNumber, [sameNumber]);
    expect(await freeState(folder)).toBe(0);
    expect(stranger.child.exitCode ?? stranger.child.signalCode).toBeNull();
  });

  it("[SC14] takes over a lock that was cut short, and a folder that is not there yet", async () => {
    writeFileSync(join(folder, "server.json"), '{"server":');
    const lock = await lockState(folder);
    lock.release();
    expect(await freeState(join(folder, "none"))).toBe(0);
  });
});
