import { expect, it } from "vitest";
import { messageInputSchema } from "../../../contract/rooms.ts";
import { standStillAt } from "../leaderboard/board-testing.ts";
import { ann, meta, server, TestRoom, valueOf } from "./room-testing.ts";

standStillAt();

it("[RM1] a send while idle writes three rows in its transaction: the message, its event and the event's number", async () => {
  const room = await new TestRoom("cost-idle").open();
  await room.say(ann, "warm");
  const seen = await room.watched(async () => await room.say(ann, "hello"));
  expect(written(seen)).toBe(3);
});

it("[RM1] of a hundred sends in one transaction each writes little more than its message", async () => {
  const room = await new TestRoom("cost-loaded").open();
  const messages = Array.from({ length: 100 }, (_, n) => messageInputSchema.parse({ clientId: `m-${n}`, text: "hello" }));
  const seen = await room.watched(async () => valueOf(await room.rpc.post(server, messages, meta)));
  expect(written(seen) / 100).toBeLessThanOrEqual(2.2);
  expect(written(seen)).toBe(102);
  const { items } = await room.history(server, { limit: 100 });
  expect(items.map(({ clientId }) => clientId)).toEqual(messages.map(({ clientId }) => clientId));
});

/** Rows of the transaction; what sending the event on writes comes after it. */
function written(seen: readonly { readonly query: string; readonly rows: number }[]): number {
  const isAfter = (query: string): boolean => query.includes("kit_outbox") && !query.startsWith("INSERT");
  return seen.reduce((sum, { query, rows }) => (isAfter(query) ? sum : sum + rows), 0);
}
