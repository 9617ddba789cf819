import { parseArgs } from "node:util";
import { Meridian } from "../sdk/client.ts";
import { findTarget } from "./lib/demo-target.ts";
import { seedHistory } from "./seeds/history.ts";
import { BOARD_SIZES, seedLeaderboards } from "./seeds/leaderboards.ts";
import { seedMetrics, SIZES } from "./seeds/metrics.ts";
import { seedRooms } from "./seeds/rooms.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: "string", default: "demo" },
    live: { type: "boolean", default: false },
    history: { type: "boolean", default: false },
    url: { type: "string" },
    key: { type: "string" },
    state: { type: "string" },
  },
});
const [capability] = positionals;
const sizes = Object.keys(SIZES).join("|");
const isSize = (text: string): text is keyof typeof SIZES => Object.hasOwn(SIZES, text) && Object.hasOwn(BOARD_SIZES, text);
if ((capability !== "metrics" && capability !== "leaderboards" && capability !== "rooms") || !isSize(values.size)) {
  console.error(
    `npm run seed -- metrics [--size=${sizes}] [--history] [--live] [--url … --key …] [--state <folder>]\n` +
      `npm run seed -- leaderboards [--size=${sizes}] [--live] [--url … --key …] [--state <folder>]\n` +
      `npm run seed -- rooms [--size=${sizes}] [--url … --key …] [--state <folder>]`,
  );
  process.exit(2);
}
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
try {
  const target = findTarget(values);
  const client = new Meridian(target);
  if (capability === "leaderboards")
    await seedLeaderboards(client, values.size, { live: values.live, signal: stop.signal, say: console.log });
  else if (capability === "rooms") await seedRooms(client, values.size, { signal: stop.signal, say: console.log });
  else {
    if (values.history) await seedHistory(target, values.size);
    await seedMetrics(client, values.size, values.live, stop.signal);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
