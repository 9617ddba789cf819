import type { Miniflare } from "miniflare";
import { describe, expect, it } from "vitest";
import { WARM_NODE } from "../../contract/warm-node.ts";
import { warmNode } from "./warm.ts";

/** A node whose platform ends a scheduled run like this. */
function nodeWith(run: (cron: string) => { outcome: string }): Pick<Miniflare, "getWorker"> {
  const scheduled = async ({ cron }: { cron: string }) => run(cron);
  return { getWorker: async () => ({ scheduled }) } as unknown as Pick<Miniflare, "getWorker">; // what is asked of it
}

describe("warming a node", () => {
  it("[MT400] asks the platform once, and says nothing when it went well", async () => {
    const [crons, said] = [[] as string[], [] as string[]];
    const node = nodeWith((cron) => {
      crons.push(cron);
      return { outcome: "ok" };
    });
    await warmNode(node, (sentence) => said.push(sentence));
    expect([crons, said]).toEqual([[WARM_NODE], []]);
  });

  it("[MT400] lets a node start that could not be warmed, and says so", async () => {
    for (const run of [
      () => ({ outcome: "exception" }),
      () => {
        throw new Error("exception");
      },
    ]) {
      const said: string[] = [];
      await warmNode(nodeWith(run), (sentence) => said.push(sentence));
      expect(said).toEqual(["first questions will be slow: exception"]);
    }
  });
});
