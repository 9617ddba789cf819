import { gzipSync } from "node:zlib";
import { hostSamples } from "./metrics.ts";

const MINUTE_MS = 60_000;
const DAYS = 7;
/** A minute of full load, once in two days and at another time on each host: what an average over hours would hide. */
const SPIKE_EVERY_MINUTES = 2_880;

/** Hosts, of nine series each; the last is the 500 series of a small company. */
export const HISTORY_HOSTS = { demo: 8, bench: 24, full: 56 } as const;

interface Line {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timestamps: number[];
  readonly values: number[];
}

/** A week of one host, a sample a minute, up to the last full minute; one line of an import per series. */
export function hostHistory(n: number, nowMs: number): Line[] {
  const endMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const lines = new Map<string, Line>();
  for (let at = endMs - DAYS * 1_440 * MINUTE_MS; at < endMs; at += MINUTE_MS) {
    const spike = (at / MINUTE_MS + n * 397) % SPIKE_EVERY_MINUTES === 0;
    for (const [i, { metric, labels = {}, value }] of hostSamples(n, at).entries()) {
      const key = `${metric} ${i}`;
      let line = lines.get(key);
      if (!line) lines.set(key, (line = { metric, labels, timestamps: [], values: [] }));
      line.timestamps.push(at);
      line.values.push(spike && i === 0 ? 1 : (value ?? 0));
    }
  }
  return [...lines.values()];
}

/** Loads a week of simulated hosts through `/v1/metrics/import`, host by host. @throws with the server's answer */
export async function seedHistory(target: { readonly url: string; readonly key: string }, size: keyof typeof HISTORY_HOSTS): Promise<void> {
  const now = Date.now();
  let points = 0;
  for (let n = 0; n < HISTORY_HOSTS[size]; n++) {
    const lines = hostHistory(n, now);
    const answer = await fetch(`${target.url}/v1/metrics/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${target.key}`, "content-type": "application/x-ndjson", "content-encoding": "gzip" },
      body: gzipSync(lines.map((line) => JSON.stringify(line)).join("\n")),
    });
    if (!answer.ok) throw new Error(`the import of host ${n} was refused: ${await answer.text()}`);
    points += lines.reduce((sum, { values }) => sum + values.length, 0);
  }
  console.log(`imported ${points} points: ${DAYS} days of ${HISTORY_HOSTS[size]} hosts`);
}
