import type { Log } from "./log.ts";

/** Lines the server shows for this agent, and how long one stays after it was last seen. */
const MAX_PROBLEMS = 10;
const MAX_CHARS = 200;
const KEPT_MS = 5 * 60_000;

/** What is wrong right now, one line per topic (`server`, `collector disk`, …). A topic is logged when it starts and when it ends, never in between. */
export class Problems {
  readonly #log: Log;
  #current = new Map<string, { text: string; atMs: number; lasting: boolean }>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Says that this is wrong until {@link clear}. */
  raise(topic: string, text: string, monoMs: number): void {
    this.#set(topic, text, monoMs, true);
  }

  /** Says that this happened; it fades by itself. */
  note(topic: string, text: string, monoMs: number): void {
    this.#set(topic, text, monoMs, false);
  }

  /** @param message how the log says that it is over */
  clear(topic: string, message = `${topic}: fine again`): void {
    if (this.#current.delete(topic)) this.#log.info(message);
  }

  /** The newest lines first, as health reports carry them. */
  lines(monoMs: number): string[] {
    for (const [topic, problem] of this.#current) {
      if (!problem.lasting && monoMs - problem.atMs > KEPT_MS) this.#current.delete(topic);
    }
    return [...this.#current]
      .sort(([, a], [, b]) => b.atMs - a.atMs)
      .slice(0, MAX_PROBLEMS)
      .map(([topic, problem]) => `${topic}: ${problem.text}`.slice(0, MAX_CHARS));
  }

  #set(topic: string, text: string, monoMs: number, lasting: boolean): void {
    if (!this.#current.has(topic)) this.#log.warn(`${topic}: ${text}`);
    this.#current.set(topic, { text, atMs: monoMs, lasting });
  }
}
