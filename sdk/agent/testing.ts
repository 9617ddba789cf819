import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Batch } from "./batch.ts";
import type { Clock, Timers } from "./clock.ts";
import { createLog, type Log } from "./log.ts";

/** Time that moves only when a test says so; timers run in order of their deadlines, with promises settled in between. */
export class VirtualTime implements Clock, Timers {
  #nowMs = 0;
  #wallOffsetMs: number;
  #timers: { atMs: number; run: () => void }[] = [];

  constructor(wallMs = Date.UTC(2026, 10, 20, 12)) {
    this.#wallOffsetMs = wallMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  monoMs(): number {
    return this.#nowMs;
  }

  /** Moves the wall and nothing else, as an administrator or a time server does. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Milliseconds until the next timer; undefined when none is set. */
  get nextInMs(): number | undefined {
    const next = this.#timers.reduce<number | undefined>((least, { atMs }) => Math.min(least ?? atMs, atMs), undefined);
    return next === undefined ? undefined : next - this.#nowMs;
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settled();
    for (;;) {
      const next = this.#timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
      await settled();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets everything that waits only for promises go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((next) => setImmediate(next));
}

/** A log that remembers its lines. */
export function memoryLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    ...createLog(
      "plain",
      (line) => lines.push(line),
      () => 0,
      false,
    ),
  };
}

/** A folder of one test's own, gone when the scope ends. */
export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "meridian-agent-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A batch that says its name. */
export function batchNamed(name: string, newestMs = Date.UTC(2026, 10, 20, 12)): Batch {
  return { body: new TextEncoder().encode(name), newestMs };
}

export function nameOf(batch: Batch | undefined): string | undefined {
  return batch === undefined ? undefined : new TextDecoder().decode(batch.body);
}
