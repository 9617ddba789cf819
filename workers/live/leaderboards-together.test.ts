import { describe, expect, it } from "vitest";
import type { Standing } from "../../contract/leaderboard-reads.ts";
import { fine, seedBoards } from "../../tests/workers/leaderboards-testing.ts";
import { Together } from "./leaderboards-together.ts";

const ctx = { waitUntil: () => undefined };

/** A crossing that answers in capitals, and what crossed with what. */
function capitals(patienceMs?: number): { ask: (name: string, text: string) => Promise<string>; crossings: (readonly string[])[] } {
  const together = new Together<string, string>(patienceMs);
  const crossings: (readonly string[])[] = [];
  const cross = async (all: readonly string[]): Promise<string[]> => {
    crossings.push([...all]);
    if (all.includes("hang")) return await new Promise(() => undefined);
    if (all.includes("fail")) throw new Error("no object");
    return await Promise.resolve(all.filter((text) => text !== "drop").map((text) => text.toUpperCase()));
  };
  return { ask: async (name, text) => await together.run(name, ctx, text, cross), crossings };
}

describe("calls to an object", () => {
  it("[LB140] of one moment cross together and are answered in their order, later ones cross anew, other names apart", async () => {
    const { ask, crossings } = capitals();
    const texts = ["a", "b", "c"];
    expect(await Promise.all([...texts.map((text) => ask("x", text)), ask("y", "z")])).toEqual(["A", "B", "C", "Z"]);
    expect(await ask("x", "d")).toBe("D");
    expect(crossings).toEqual([["a", "b", "c"], ["z"], ["d"]]);
  });

  it("[LB140] are a hundred to a crossing at most", async () => {
    const { ask, crossings } = capitals();
    const texts = Array.from({ length: 205 }, (_, n) => `t${n}`);
    expect(await Promise.all(texts.map((text) => ask("x", text)))).toEqual(texts.map((text) => text.toUpperCase()));
    expect(crossings.map(({ length }) => length)).toEqual([100, 100, 5]);
    expect(await ask("x", "again")).toBe("AGAIN");
  });

  it("[LB140] all fail with a crossing that fails, and none is given another one's answer", async () => {
    const { ask, crossings } = capitals();
    const outcomes = await Promise.allSettled(["fail", "a"].map((text) => ask("x", text)));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const short = await Promise.allSettled(["a", "drop"].map((text) => ask("x", text)));
    expect(short.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect([await ask("x", "b"), crossings.length]).toEqual(["B", 3]);
  });

  it("[LB140] give up in time when the request that crosses for them never comes back, and may be sent again", async () => {
    const { ask } = capitals(20);
    void ask("x", "hang");
    await expect((async () => await ask("x", "a"))()).rejects.toMatchObject({ retryable: true });
  });
});

describe("a board", () => {
  it("[LB140] answers each of many requests of one moment for its own player, and refuses each for its own fault", async () => {
    const tenant = await seedBoards();
    await tenant.board("crowd", { windows: ["all"], rules: [{ type: "max-score", max: 100 }] });
    const key = (n: number) => (n % 3 === 0 ? { headers: { "idempotency-key": `k${n}` } } : {});
    const submit = async (n: number) => await tenant.at("/crowd/scores", { body: { player: `p${n}`, score: n * 6 }, ...key(n) });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => submit(n)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, n) => (n * 6 > 100 ? 422 : 200)));
    expect(await fine(await submit(3))).toEqual(await answers[3]?.json());
    const standings = await Promise.all(
      answers.map(async (_, n) => await fine<Standing>(await tenant.at(`/crowd/players/p${n}${n === 5 ? "?window=all" : ""}`))),
    );
    expect(standings.map(({ rank, entry }) => [rank, entry?.player])).toEqual(
      answers.map((_, n) => (n <= 16 ? [17 - n, `p${n}`] : [null, undefined])),
    );
  });
});
