import type { RoomEvent } from "../../../contract/room-live.ts";
import type { Position } from "../frames.ts";
import type { NetworkClient } from "./network-client-testing.ts";

/** How often what happened, so that a run can show that it was not vacuous. */
export interface RoomRun {
  acked: number;
  events: number;
  recovered: number;
  refused: number;
  gaps: number;
  slow: number;
  packed: number;
  sleeps: number;
  ends: number;
  cutShort: number;
  halfOpen: number;
  lost: number;
  repeated: number;
  reordered: number;
}

export const noRun = (): RoomRun => ({
  acked: 0,
  events: 0,
  recovered: 0,
  refused: 0,
  gaps: 0,
  slow: 0,
  packed: 0,
  sleeps: 0,
  ends: 0,
  cutShort: 0,
  halfOpen: 0,
  lost: 0,
  repeated: 0,
  reordered: 0,
});

/**
 * Holds what clients saw and were told against the log, once the network was whole again; adds up what they saw.
 * @param log everything that was committed, ever
 * @throws when something acknowledged is not in the log exactly once, or a client misses what it was not told to miss
 */
export function judge(clients: readonly NetworkClient[], log: Iterable<RoomEvent>, end: Position, run: RoomRun): void {
  const places = new Map<string, number>();
  const offsets = new Set<number>();
  for (const { type, data, offset } of log) {
    offsets.add(offset);
    if (type !== "message" || data.clientId === null) continue;
    if (places.has(data.clientId)) throw new Error(`${data.clientId} was stored twice`);
    places.set(data.clientId, offset);
  }
  for (const client of clients) {
    const { name, place, base, seen, acked, unsent } = client;
    if (place?.epoch !== end.epoch || place.offset !== end.offset) throw new Error(`${name} is at ${JSON.stringify(place)} in the end`);
    if (unsent.size > 0) throw new Error(`${name} could not say ${[...unsent.keys()].join()}`);
    for (let offset = base + 1; offset <= end.offset; offset++) {
      // An id begins with the epoch in which it was seen.
      if (seen.get(offset)?.split(":")[1] !== String(offset)) throw new Error(`${name} misses ${offset}`);
    }
    for (const [ref, offset] of acked) {
      const stored = ref.startsWith("say-") ? places.get(ref) : offset;
      if (stored !== offset || !offsets.has(offset)) throw new Error(`${ref} is at ${stored}, acknowledged at ${offset}`);
    }
    run.acked += acked.size;
    run.events += seen.size;
    run.recovered += client.recoveries;
    run.refused += client.refusals;
    run.gaps += client.gaps;
    run.packed += client.packed;
  }
}
