import { HOST_METRICS } from "../../contract/host-metrics.ts";
import type { Sample } from "../../contract/metrics.ts";
import type { Meridian } from "../../sdk/client.ts";

const STEP_MS = 5_000;
const MAX_BATCH = 8_000;

export const SIZES = {
  demo: { hosts: 8, minutes: 60 },
  bench: { hosts: 100, minutes: 15 },
  full: { hosts: 500, minutes: 60 },
} as const;

/** A smooth, different, repeatable curve per host and metric: two waves and a little noise from a 32-bit mix of the seed and the time. */
function wave(seed: number, atMs: number, base: number, swing: number): number {
  const minutes = atMs / 60_000;
  let mixed = (seed * 0x9e3779b1) ^ Math.floor(atMs / STEP_MS);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  const noise = ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32 - 0.5;
  return base + swing * (0.6 * Math.sin(minutes / 7 + seed) + 0.3 * Math.sin(minutes / 1.7 + seed * 3) + 0.2 * noise);
}

/** What an agent of host number `n` would send at this moment. */
export function hostSamples(n: number, atMs: number): Sample[] {
  const host = `seed-${String(n).padStart(3, "0")}`;
  const sample = (metric: string, value: number, labels: Record<string, string> = {}): Sample => ({
    metric,
    labels: { host, ...labels },
    timestamp: atMs,
    value: Math.max(0, value),
  });
  const memoryTotal = 16 * 2 ** 30;
  const diskTotal = 256 * 2 ** 30;
  return [
    sample(HOST_METRICS.cpu, Math.min(1, wave(n, atMs, 0.35, 0.3)), { core: "all" }),
    sample(HOST_METRICS.load1, wave(n + 1, atMs, 2, 1.5)),
    sample(HOST_METRICS.memoryUsed, memoryTotal * wave(n + 2, atMs, 0.5, 0.2)),
    sample(HOST_METRICS.memoryTotal, memoryTotal),
    sample(HOST_METRICS.diskUsed, diskTotal * (0.3 + (n % 7) / 12), { mount: "/", device: "vda" }),
    sample(HOST_METRICS.diskTotal, diskTotal, { mount: "/", device: "vda" }),
    sample(HOST_METRICS.networkReceiveRate, 1e6 * wave(n + 3, atMs, 4, 3.5), { interface: "eth0" }),
    sample(HOST_METRICS.networkTransmitRate, 1e6 * wave(n + 4, atMs, 2, 1.8), { interface: "eth0" }),
    sample(HOST_METRICS.uptime, 86_400 * (1 + (n % 30)) + (atMs % 86_400_000) / 1_000),
  ];
}

/** Loads history of simulated hosts, and with `live` goes on sending every 5 s until interrupted. */
export async function seedMetrics(client: Meridian, size: keyof typeof SIZES, live: boolean, signal: AbortSignal): Promise<void> {
  const { hosts, minutes } = SIZES[size];
  const now = Math.floor(Date.now() / STEP_MS) * STEP_MS;
  let batch: Sample[] = [];
  let sent = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    sent += (await client.metrics.ingest({ samples: batch })).accepted;
    batch = [];
  };
  for (let at = now - minutes * 60_000; at <= now; at += STEP_MS)
    for (let n = 0; n < hosts; n++) {
      batch.push(...hostSamples(n, at));
      if (batch.length >= MAX_BATCH) await flush();
    }
  await flush();
  console.log(`seeded ${sent} samples of ${hosts} hosts over ${minutes} min`);
  for (let round = 1; live && !signal.aborted; round++) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, now + round * STEP_MS - Date.now())));
    // One request per host, as agents send: the load on the server is that of the real thing.
    await Promise.all(
      Array.from({ length: hosts }, async (_, n) => await client.metrics.ingest({ samples: hostSamples(n, now + round * STEP_MS) })),
    );
  }
}
