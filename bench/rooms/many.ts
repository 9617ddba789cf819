import type { Meridian } from "../../sdk/client.ts";
import { at } from "./index.ts";
import { roomWire, textOf, textOfData } from "./raw-client.ts";
import { WebSocket } from "ws";

const PER_ROOM = 10;
const RATES = [
  { perSecond: 1_000, share: 1, p99Ms: 100 },
  { perSecond: 5_000, share: 0.1, p99Ms: undefined },
] as const;
const SETTLE_MS = 10_000;
const OPEN_AT_ONCE = 100;

interface Options {
  readonly sockets: number;
  readonly seconds: number;
  /** Resident bytes of the runtime. */
  readonly resident: () => number;
}

interface Seat {
  readonly socket: WebSocket;
  readonly room: number;
  /** Numbers of the messages that came, by the highest: gaps are looked for at the end. */
  readonly got: Set<number>;
  frames: number;
}

/** Many rooms of ten sockets: at a steady rate, every message has to reach all of its room, once. */
export async function runMany(client: Meridian, port: number, key: string, { sockets, seconds, resident }: Options): Promise<void> {
  const rooms = Math.ceil(sockets / PER_ROOM);
  for (let from = 0; from < rooms; from += 8)
    await Promise.all(
      Array.from({ length: Math.min(8, rooms - from) }, async (_, n) => await client.rooms.create({ room: `many-${from + n}` })),
    );
  const before = resident();
  const wire = roomWire(port, (n) => `many-${Math.floor(n / PER_ROOM)}`, key);
  const seats: Seat[] = [];
  const sentAt: number[] = [];
  const latencies: number[] = [];
  let twice = 0;
  let counting = false;
  for (let from = 0; from < sockets; from += OPEN_AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(OPEN_AT_ONCE, sockets - from) }, async (_, step) => {
        const n = from + step;
        const socket = new WebSocket(wire.url(n), [...(wire.protocols ?? [])], { perMessageDeflate: false, skipUTF8Validation: true });
        const seat: Seat = { socket, room: Math.floor(n / PER_ROOM), got: new Set(), frames: 0 };
        seats[n] = seat;
        await new Promise<void>((done, failed) => {
          socket.on("error", failed);
          socket.on("close", (code) => failed(new Error(`socket ${n} was closed with ${code}`)));
          socket.on("message", (data) => {
            const text = textOfData(data);
            const ack = wire.ack?.(++seat.frames);
            if (ack !== undefined) socket.send(ack);
            if (!counting) {
              if (wire.greet(text, (frame) => socket.send(frame), n)) done();
              return;
            }
            for (let found = text.indexOf("~m~"); found !== -1; found = text.indexOf("~m~", found + 11)) {
              const id = Number(text.slice(found + 3, found + 11));
              if (seat.got.has(id)) twice++;
              seat.got.add(id);
              if (id % 16 === 0) latencies.push(performance.now() - (sentAt[id] ?? 0));
            }
          });
        });
      }),
    );
  console.log(
    `\n${sockets} sockets in ${rooms} rooms open; ${((resident() - before) / sockets / 1_024).toFixed(1)} KiB of the runtime's resident memory each`,
  );
  counting = true;
  for (const { perSecond, share, p99Ms } of RATES) {
    latencies.length = 0;
    sentAt.length = 0;
    for (const seat of seats) seat.got.clear();
    const length = seconds * share;
    const count = Math.round(perSecond * length);
    const start = performance.now();
    const ofRoom: number[][] = Array.from({ length: rooms }, () => []);
    for (let id = 0; id < count;) {
      const due = Math.min(count, Math.floor(((performance.now() - start) / 1_000) * perSecond));
      for (; id < due; id++) {
        const seat = seats[(id * 7_919) % sockets];
        if (!seat) continue;
        sentAt[id] = performance.now();
        ofRoom[seat.room]?.push(id);
        seat.socket.send(wire.message(textOf(id, 120), id + 10_000_000 * perSecond));
      }
      await new Promise((later) => setTimeout(later, 2));
    }
    const missing = () => seats.reduce((sum, seat) => sum + (ofRoom[seat.room]?.length ?? 0) - seat.got.size, 0);
    // What comes late is late, not lost: as long as anything still comes, the rest may.
    let lost = missing();
    for (let quietSince = performance.now(); lost > 0 && performance.now() - quietSince < SETTLE_MS;) {
      await new Promise((later) => setTimeout(later, 100));
      const now = missing();
      if (now < lost) quietSince = performance.now();
      lost = now;
    }
    const lateS = Math.max(0, (performance.now() - start) / 1_000 - length);
    const p99 = at(latencies, 0.99);
    console.log(
      `${perSecond} sends/s for ${length} s: ${lost} lost, ${twice} twice, the last ${lateS.toFixed(1)} s after the end; p50 ${at(latencies, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${p99Ms === undefined ? "" : ` (bound ${p99Ms})`}`,
    );
    if (lost > 0 || twice > 0) process.exitCode = 1;
  }
  for (const { socket } of seats) {
    socket.removeAllListeners("close");
    socket.terminate();
  }
}
