import { connectApi } from "./api/live.ts";
import { liveDeps } from "./live.ts";
import { indexedDbQueue, memoryQueue } from "./room-queue.ts";
import { RoomClient } from "./room.ts";
import type { Call } from "./transport.ts";

/**
 * A room's client for a browser or Node.
 * @param owner whose unsent messages are kept in the browser, such as `acme minted|ada`; left out, they are kept in memory
 */
export function openRoom(request: Call, room: string, owner?: string): RoomClient {
  const tickets = connectApi(request);
  return new RoomClient(request, room, {
    live: liveDeps(async () => (await tickets.roomTicket(room)).url),
    queue: owner !== undefined && typeof indexedDB !== "undefined" ? indexedDbQueue(owner) : memoryQueue(),
    newId: () => crypto.randomUUID(),
    deflate: typeof DecompressionStream !== "undefined",
  });
}
