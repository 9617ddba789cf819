import { MemoryStore } from "../../core/observe/memory-store.ts";
import { Shard } from "../../core/observe/shard.ts";
import { rowsPerHostHour, SimulatedShard } from "../../core/observe/simulation-testing.ts";

const MINUTE_MS = 60_000;
const SERIES = 150;
const HOURS_A_MONTH = 730;
const DOLLARS_A_ROW = 1 / 1_000_000;

/** Written rows for a host and an hour, by how many hosts of 150 series share a shard and send every 5 s, over two simulated hours. */
export function runRows(): void {
  console.log("\nwritten rows an hour, 150 series a host, a batch every 5 s\n");
  console.log(
    "| hosts of a shard | per host: write-ahead | packed and their deletion | rollups and theirs | the rest | in all | a month of all hosts |",
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const hosts of [1, 10, 130]) {
    const store = new MemoryStore();
    const shard = new Shard({
      store,
      transaction: (work) => work(),
      room: () => ({ active: 20_000, perHour: 20_000, shard: 20_000 }),
      randomId: () => 7,
    });
    const startMs = Date.parse("2026-11-20T12:00:00.000Z");
    shard.load(startMs);
    const simulated = new SimulatedShard(shard, store, { hosts, series: SERIES, values: "mixed", startMs });
    simulated.run(31 * MINUTE_MS, MINUTE_MS);
    const busy = simulated.run(120 * MINUTE_MS, 5_000);
    // Windows are made every four hours, and as many of them at a slower pace.
    const slow = simulated.run(480 * MINUTE_MS, MINUTE_MS);
    const { rows, log, packed, rollups, rest } = rowsPerHostHour(busy, slow, hosts);
    const dollars = rows * hosts * HOURS_A_MONTH * DOLLARS_A_ROW;
    console.log(`| ${hosts} | ${[log, packed, rollups, rest, rows].map((n) => n.toFixed(1)).join(" | ")} | $${dollars.toFixed(2)} |`);
  }
}
