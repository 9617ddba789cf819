import { WebSocket } from "ws";
import type { Meridian } from "../../sdk/client.ts";
import { textOfData } from "./raw-client.ts";

const EVENTS = 1_000;
const TIMES = 20;
const BOUND_MS = 50;

/** How long a client waits for a thousand missed messages, from its question to the last of them. */
export async function runRecovery(client: Meridian, port: number, key: string): Promise<void> {
  const { room } = await client.rooms.create({ room: "bench-recovery" });
  for (let from = 0; from < EVENTS; from += 100) {
    await client.rooms.send(
      room,
      Array.from({ length: 100 }, (_, n) => ({ clientId: `r${from + n}`, text: `message ${from + n}`.padEnd(120, "x") })),
    );
  }
  const { epoch, offset } = await client.rooms.get(room);
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) times.push(await recover(port, room, key, { epoch, offset: offset - EVENTS }));
  const sorted = times.toSorted((a, b) => a - b);
  console.log(
    `\nrecovery of ${EVENTS} events: p50 ${sorted[TIMES / 2]?.toFixed(1)} ms, worst ${sorted.at(-1)?.toFixed(1)} ms (bound ${BOUND_MS})`,
  );
}

async function recover(port: number, room: string, key: string, since: { epoch: string; offset: number }): Promise<number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/rooms/${room}/socket`, ["meridian.v1", `bearer.${key}`], {
    perMessageDeflate: false,
  });
  return await new Promise<number>((done, failed) => {
    let asked = 0;
    let got = 0;
    socket.on("error", failed);
    socket.on("message", (data) => {
      const frame = JSON.parse(textOfData(data)) as { type: string; recovered?: boolean; events?: unknown[] };
      if (frame.type === "welcome") {
        asked = performance.now();
        socket.send(JSON.stringify({ v: 1, type: "subscribe", id: "s", channel: `room/${room}`, ...since }));
      }
      if (frame.type === "subscribed" && frame.recovered !== true) failed(new Error("the room did not recover"));
      got += frame.events?.length ?? 0;
      if (got < EVENTS) return;
      done(performance.now() - asked);
      socket.terminate();
    });
  });
}
