import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { MemoryRoomStore } from "../../../core/live/rooms/memory-store-testing.ts";
import { storeAnswers } from "../../../core/live/rooms/store-testing.ts";
import { ROOM_MIGRATIONS } from "./schema.ts";
import { TestRoom } from "./room-testing.ts";
import { SqlRoom } from "./sql-room.ts";

it("[RM36] a room's tables answer every question as a room in memory does, also when memory was dropped before it", async () => {
  const expected = storeAnswers(new MemoryRoomStore());
  for (const forgets of [false, true]) {
    const doomed: string[] = [];
    const answers = await runInDurableObject(new TestRoom(`tables-${String(forgets)}`).stub, (_, { storage }) => {
      storage.sql.exec("CREATE TABLE kit_outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT)");
      for (const { up } of ROOM_MIGRATIONS) storage.sql.exec(up);
      const room = new SqlRoom(storage.sql, (mediaId) => void doomed.push(mediaId));
      return storeAnswers(forgets ? forgetful(room) : room);
    });
    expect(answers).toEqual(expected);
    expect(doomed).toEqual(["m"]);
  }
});

/** The same room, which drops its memory before every call. */
function forgetful(room: SqlRoom): SqlRoom {
  return new Proxy(room, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        target.reset();
        return (value as (...args: unknown[]) => unknown).apply(target, args); // whatever it is, it is called as it was
      };
    },
  });
}
