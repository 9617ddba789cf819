import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { FakeQueue, settled } from "../../kit/testing.ts";
import { createSortedSet } from "./sorted-set.ts";

type Cursor = ReturnType<SqlStorage["exec"]>;

/** An object's state whose statements are remembered, so that the rows that they wrote can be summed. */
function watched(state: DurableObjectState): { readonly ctx: DurableObjectState; takeRows(): number } {
  let cursors: Cursor[] = [];
  const through = <T extends object>(target: T, own: Partial<Record<keyof T, unknown>>): T =>
    new Proxy(target, {
      get: (real, property) => {
        if (property in own) return own[property as keyof T];
        const value: unknown = Reflect.get(real, property, real);
        return typeof value === "function" ? (value.bind(real) as unknown) : value;
      },
    });
  const { sql } = state.storage;
  const exec = (...args: Parameters<SqlStorage["exec"]>): Cursor => {
    const cursor = sql.exec(...args);
    cursors.push(cursor);
    return cursor;
  };
  const storage = through(state.storage, { sql: through(sql, { exec }) });
  return {
    ctx: through(state, { storage }),
    takeRows: () => {
      const rows = cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0);
      cursors = [];
      return rows;
    },
  };
}

it("[LB99] writes eight rows at most for a member of a ZADD, checkpoints and splits included, and none for reading", async () => {
  await runInDurableObject(env.LEADERBOARDS.getByName("t/sorted-set/cost"), async (_instance, state) => {
    const { ctx, takeRows } = watched(state);
    const { desk } = createSortedSet(ctx, { EVENTS: new FakeQueue(), ARCHIVE: env.ARCHIVE });
    await desk.run([["zadd", "cost", "1", "first"]]);
    await settled();
    takeRows();
    const rowsOf = async (...words: string[]) => {
      await desk.run([[words[0] ?? "", "cost", ...words.slice(1)]]);
      return takeRows();
    };
    expect(await rowsOf("zadd", "5", "new")).toBe(3);
    expect(await rowsOf("zadd", "6", "new")).toBeLessThanOrEqual(4);
    expect(await rowsOf("zadd", "6", "new"), "the same again").toBe(0);
    expect(await rowsOf("zincrby", "0", "new")).toBe(0);
    for (const words of [
      ["zrange", "0", "-1"],
      ["zrank", "new"],
      ["zcount", "0", "9"],
      ["zrem", "nobody"],
      ["zadd", "xx", "1", "nobody"],
    ])
      expect(await rowsOf(...words)).toBe(0);
    let most = 0;
    let all = 0;
    for (let n = 0; n < 3_000; n++) {
      const rows = await rowsOf("zadd", String(n % 7), `m${(n * 7) % 2_200}`);
      if (rows < 100) most = Math.max(most, rows); // a checkpoint lets a thousand rows of changes go at once
      all += rows;
    }
    expect(most).toBeLessThanOrEqual(8);
    expect(all / 3_000).toBeLessThanOrEqual(6);
  });
});
