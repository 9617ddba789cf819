import { parseArgs } from "node:util";
import { Meridian } from "../sdk/client.ts";
import { findTarget } from "./lib/demo-target.ts";
import { seedHistory } from "./seeds/history.ts";
import { seedMetrics, SIZES } from "./seeds/metrics.ts";

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
const isSize = (text: string): text is keyof typeof SIZES => Object.hasOwn(SIZES, text);
if (positionals[0] !== "metrics" || !isSize(values.size)) {
  console.error(
    `npm run seed -- metrics [--size=${Object.keys(SIZES).join("|")}] [--history] [--live] [--url … --key …] [--state <folder>]`,
  );
  process.exit(2);
}
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
try {
  const target = findTarget(values);
  if (values.history) await seedHistory(target, values.size);
  await seedMetrics(new Meridian(target), values.size, values.live, stop.signal);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
