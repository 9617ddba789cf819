import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { standStillAt, START, TestBoard, valueOf } from "./board-testing.ts";

standStillAt();

type Operator = "best" | "latest" | "sum";
interface Held {
  readonly score: number;
  readonly at: number;
}
type Command =
  | { readonly type: "score"; readonly player: number; readonly score: number; readonly backMs: number }
  | { readonly type: "batch" | "import"; readonly scores: readonly (readonly [player: number, score: number])[] }
  | { readonly type: "again" }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "evict" };

/** Entries as plain maps, by window: what the board is held against. */
class PlainBoard {
  readonly windows = new Map<string, Map<string, Held>>();
  readonly #operator: Operator;

  constructor(operator: Operator) {
    this.#operator = operator;
  }

  take(player: string, score: number, at: number): void {
    for (const window of ["all", `daily:${new Date(at).toISOString().slice(0, 10)}`]) {
      const entries = this.windows.get(window) ?? new Map<string, Held>();
      this.windows.set(window, entries);
      entries.set(player, this.#next(entries.get(player), { score, at }));
    }
  }

  /** `player:score`, best first: by score, then the earlier, then the id. */
  top(window: string): string[] {
    return [...(this.windows.get(window) ?? [])]
      .toSorted(([p, a], [q, b]) => b.score - a.score || a.at - b.at || (p < q ? -1 : 1))
      .map(([player, { score }]) => `${player}:${score}`);
  }

  #next(held: Held | undefined, own: Held): Held {
    if (!held) return own;
    switch (this.#operator) {
      case "best":
        return own.score > held.score || (own.score === held.score && own.at < held.at) ? own : held;
      case "latest":
        return own.at < held.at ? held : own;
      case "sum":
        return own.score === 0 ? held : { score: held.score + own.score, at: Math.max(held.at, own.at) };
    }
  }
}

const player = fc.integer({ min: 0, max: 9 });
const score = fc.integer({ min: -3, max: 12 });
const many = fc.array(fc.tuple(player, score), { minLength: 1, maxLength: 6 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: fc.constant("score" as const), player, score, backMs: fc.constantFrom(0, 0, 1_000, 90_000) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom("batch" as const, "import" as const), scores: many }) },
  { weight: 1, arbitrary: fc.constant({ type: "again" as const }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.constantFrom(1, 1_000, 60_000, 21_600_000) }) },
  { weight: 1, arbitrary: fc.constant({ type: "evict" as const }) },
);

let boards = 0;

it.each(["best", "latest", "sum"] as const)(
  "[LB30] [LB31] [LB43] a board that keeps the %s equals plain maps",
  { timeout: 240_000 },
  async (operator) => {
    const seen = { ties: 0, days: 0, evictions: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), async (commands) => {
        vi.setSystemTime(START);
        const board = await new TestBoard(`model-${operator}-${boards++}`).configure({ operator, windows: ["all", "daily"] });
        const plain = new PlainBoard(operator);
        const inputOf = (name: string, value: number, at: number) => ({
          player: name,
          ...(operator === "sum" ? { delta: value } : { score: value }),
          occurredAt: new Date(at).toISOString(),
        });
        let last: (() => Promise<unknown>) | undefined;
        for (const [n, one] of commands.entries()) {
          const now = Date.now();
          switch (one.type) {
            case "score": {
              const input = inputOf(`p${one.player}`, one.score, now - one.backMs);
              const reply = valueOf(await board.rpc.submit(input, "service", { requestId: "r", actor: "key:1", actorName: "k" }));
              plain.take(`p${one.player}`, one.score, now - one.backMs);
              const place = plain.top("all").findIndex((entry) => entry.startsWith(`p${one.player}:`));
              expect(reply.windows[0]).toMatchObject({ rank: place + 1, total: plain.top("all").length });
              break;
            }
            case "batch":
            case "import": {
              const items = one.scores.map(([who, value]) => inputOf(`p${who}`, value, now));
              last = async () =>
                one.type === "batch" ? valueOf(await board.batch(`b${n}`, items)) : valueOf(await board.imports(`i${n}`, items));
              await last();
              for (const [who, value] of one.scores) plain.take(`p${who}`, value, now);
              break;
            }
            case "again":
              await last?.();
              break;
            case "wait":
              vi.setSystemTime(now + one.ms);
              break;
            case "evict":
              await board.rpc.outboxStatus(); // one that sleeps already cannot be evicted
              await board.evict();
              seen.evictions += 1;
              break;
          }
        }
        for (const window of plain.windows.keys()) expect(await board.top(window)).toEqual(plain.top(window));
        seen.days = Math.max(seen.days, plain.windows.size - 1);
        const scores = [...(plain.windows.get("all") ?? new Map<string, Held>()).values()].map((held) => held.score);
        seen.ties += scores.length - new Set(scores).size;
      }),
      { seed: 311, numRuns: 12 },
    );
    expect(seen.ties).toBeGreaterThan(5);
    expect(seen.days).toBeGreaterThan(1);
    expect(seen.evictions).toBeGreaterThan(5);
  },
);
