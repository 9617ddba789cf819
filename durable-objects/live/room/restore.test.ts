import { expect, it } from "vitest";
import type { MaintenanceReport, StateChunk } from "../../../contract/rpc/maintenance.ts";
import { standStillAt } from "../leaderboard/board-testing.ts";
import { ann, TestRoom } from "./room-testing.ts";

standStillAt();

async function exported(room: TestRoom): Promise<StateChunk[]> {
  const chunks: StateChunk[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const report: MaintenanceReport<{ type: "export"; cursor: string | null }> = await room.rpc.maintain({
      type: "export",
      cursor: cursor ?? null,
    });
    chunks.push(report.chunk);
    cursor = report.cursor;
  }
  return chunks;
}

async function put(room: TestRoom, chunks: readonly StateChunk[]): Promise<void> {
  for (const [at, chunk] of chunks.entries())
    await room.rpc.maintain({ type: "import", chunk, first: at === 0, last: at === chunks.length - 1 });
}

it("[RM35] a restored room has what the backup had under a new epoch, which the next sleep leaves as it is", async () => {
  const from = await new TestRoom("backed-up", "t-rooms").open();
  await from.say(ann, "hello", { clientId: "one" });
  const chunks = await exported(from);
  const before = await from.ask(ann, "view", {});
  await from.evict();
  expect((await from.ask(ann, "view", {})).epoch).toBe(before.epoch);
  const to = new TestRoom("backed-up", "t-other");
  await put(to, chunks.map(addressed));
  const after = await to.ask(ann, "view", {});
  expect({ ...after, epoch: "", me: null }).toEqual({ ...before, epoch: "", me: null });
  expect(after.epoch).not.toBe(before.epoch);
  await to.evict();
  expect((await to.ask(ann, "view", {})).epoch).toBe(after.epoch);
  expect((await to.history(ann)).items.map(({ text }) => text)).toEqual(["hello"]);
  expect((await to.say(ann, "again", { clientId: "one" })).offset).toBe(4);
});

/** The same rows for another tenant: its object is told so. */
function addressed(chunk: StateChunk): StateChunk {
  return JSON.parse(JSON.stringify(chunk).replaceAll("t-rooms/room/", "t-other/room/")) as StateChunk; // text over text changes no shape
}
