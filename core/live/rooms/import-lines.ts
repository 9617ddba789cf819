import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { importLineSchema } from "../../../contract/rooms.ts";
import type * as z from "zod";

export type ImportLine = z.infer<typeof importLineSchema>;
export type ReadLine =
  | { readonly ok: true; readonly line: number; readonly value: ImportLine }
  | { readonly ok: false; readonly line: number; readonly pointer: string; readonly detail: string };

/** A line may be a little ahead of our clock. */
const AHEAD_MS = 60_000;

/** The lines of an import, one after the other; empty ones are left out. Nothing is parsed that is longer than a line may be. */
export class ImportLines {
  readonly #text: string;
  readonly #now: number;
  #at = 0;
  #line = 0;

  /** @param now epoch milliseconds: what was said later cannot have been said */
  constructor(lines: Uint8Array, now: number) {
    this.#text = new TextDecoder().decode(lines);
    this.#now = now;
  }

  /** @returns undefined at the end */
  read(): ReadLine | undefined {
    while (this.#at < this.#text.length) {
      const end = this.#text.indexOf("\n", this.#at);
      const text = this.#text.slice(this.#at, end === -1 ? undefined : end);
      this.#at = end === -1 ? this.#text.length : end + 1;
      this.#line += 1;
      if (text.trim() !== "") return this.#parse(text);
    }
    return undefined;
  }

  #parse(text: string): ReadLine {
    const fault = (pointer: string, detail: string): ReadLine => ({ ok: false, line: this.#line, pointer, detail });
    // Characters are bytes at least; a text that passes is measured by its own schema.
    if (text.length > L.importLineBytes) return fault("", `has more than ${L.importLineBytes} bytes`);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return fault("", "is no JSON");
    }
    const parsed = importLineSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return fault((issue?.path ?? []).map((part) => `/${String(part)}`).join(""), issue?.message ?? "is no message");
    }
    if (parsed.data.at > this.#now + AHEAD_MS) return fault("/at", "is in the future");
    return { ok: true, line: this.#line, value: parsed.data };
  }
}
