import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Failpoint } from "../../contract/failpoints.ts";
import { ROLLING } from "../../core/observe/rolling.ts";
import { UPKEEP } from "../../core/observe/upkeep.ts";
import { BUILD_STEPS, runStep } from "../../scripts/lib/build-steps.ts";
import { Meridian } from "../../sdk/client.ts";
import { type CrashServer, startCrashServer } from "./crash-server.ts";

export interface MetricsCrashOptions {
  readonly kills: number;
  readonly acksPerKill: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface MetricsCrashReport {
  readonly kills: readonly { readonly failpoint: Failpoint; readonly acks: number }[];
  /** Batches. */
  readonly acknowledged: number;
  /** Samples of acknowledged batches that were looked for. */
  readonly checked: number;
  readonly lost: readonly string[];
  readonly altered: readonly string[];
  /** Minutes of rollups that were held against the seconds of which they are made. */
  readonly minutes: number;
}

const POINTS = ["committed", "rolling", "sealing"] as const satisfies readonly Failpoint[];
/** Each but the first needs hours of the accepted day, for which there is a rollup to make. */
const MOST_ROLLS = 3;
const HOSTS = 8;
/** Samples of a batch: one per series of the host. */
const SERIES = 20;
/** Waiting at once: a row of samples is written twice a second, and each lane waits for one. */
const LANES = 64;
/** Beyond the deadline of a seal: started so much later, the server seals what waits. */
const SEAL_LATER_MS = UPKEEP.sealEveryMs + 60_000;
/** After this the next rollup is due. */
const ROLL_LATER_MS = ROLLING.minuteEveryMs + ROLLING.graceMs + 3_600_000;
const MINUTE_MS = 60_000;

/**
 * The crash proof of metrics: sends batches without a pause, kills the server at a seeded failpoint, restarts it on the same state, and
 * sends what was not acknowledged again under its old batch id, as the agent does. The oracle is arithmetic: batch `n` has a time of
 * its own, at which each of its series has the value `n`; a sum over that one second is `n`, or something was lost or stored twice.
 */
export async function proveMetrics(options: MetricsCrashOptions): Promise<MetricsCrashReport> {
  for (const step of BUILD_STEPS) await runStep(step);
  const state = mkdtempSync(join(tmpdir(), "meridian-metrics-"));
  try {
    return await new MetricsCrash(options).run(state);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

class MetricsCrash {
  readonly #options: MetricsCrashOptions;
  readonly #startMs: number;
  readonly #slots: number;
  readonly #acknowledged = new Set<number>();
  readonly #open: number[] = [];
  #next = 0;

  constructor(options: MetricsCrashOptions) {
    this.#options = options;
    // The accepted day moves on with each jump of the clock; every time stays inside of it to the end.
    const jumpsMs = planOf(options.kills).reduce((sum, { laterMs }) => sum + laterMs, SEAL_LATER_MS);
    const hours = 23 - Math.ceil(jumpsMs / 3_600_000);
    if (hours < 1) throw new Error("more kills than the accepted day has room for");
    this.#startMs = Math.ceil((Date.now() - hours * 3_600_000) / 1_000) * 1_000;
    this.#slots = hours * 3_600;
  }

  async run(state: string): Promise<MetricsCrashReport> {
    const { kills, acksPerKill, seed, log } = this.#options;
    const done: { failpoint: Failpoint; acks: number }[] = [];
    let offsetMs = 0;
    for (const [n, { failpoint, laterMs }] of planOf(kills).entries()) {
      // Requests of every lane may be durable and not yet answered at the kill: they come on top. Spread over a fifth of the run by a hash of the seed, so that no two kills meet the same place of a group commit.
      const late = (Math.imul(seed + n, 0x9e3779b1) >>> 0) % Math.ceil(acksPerKill / 5);
      let acks = 0;
      if (failpoint !== "committed") {
        acks += await this.#sendUntil(await startCrashServer(state, undefined, offsetMs), acksPerKill + late);
        offsetMs += laterMs;
        acks += await this.#sendUntil(await startCrashServer(state, { name: failpoint, hit: 1 }, offsetMs), acksPerKill * 20);
      } else
        acks += await this.#sendUntil(
          await startCrashServer(state, { name: failpoint, hit: acksPerKill + LANES + late }, offsetMs),
          acksPerKill * 20,
        );
      done.push({ failpoint, acks });
      log(`kill ${n + 1}/${kills} at ${failpoint} after ${acks} acknowledged batches`);
    }
    const last = await startCrashServer(state, undefined, offsetMs);
    try {
      const seconds = await this.#judge(last);
      return { kills: done, acknowledged: this.#acknowledged.size, ...seconds, ...(await this.#judgeMinutes(last, seconds.altered)) };
    } finally {
      await last.kill();
    }
  }

  /** Sends from several lanes until the failpoint ends the server, or until so many were acknowledged, when it is killed as it stands. */
  async #sendUntil(server: CrashServer, mostAcks: number): Promise<number> {
    let acks = 0;
    let dead = false;
    void server.killed.then(() => (dead = true));
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        while (!dead && acks < mostAcks) {
          const batch = this.#open.shift() ?? this.#next++;
          if (await this.#send(server, batch)) {
            this.#acknowledged.add(batch);
            acks++;
          } else {
            this.#open.push(batch);
            if (!dead) await Promise.race([server.killed, new Promise((later) => setTimeout(later, 50))]);
          }
        }
      }),
    );
    await server.kill();
    return acks;
  }

  /** @returns whether it was acknowledged; a broken connection is no answer */
  async #send(server: CrashServer, batch: number): Promise<boolean> {
    try {
      const samples = Array.from({ length: SERIES }, (_, series) => ({
        metric: "chaos_value",
        labels: { host: `chaos-${batch % HOSTS}`, series: String(series) },
        timestamp: this.#timeOf(batch),
        value: batch,
      }));
      const response = await fetch(`${server.url}/v1/metrics/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.demo.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ batchId: `chaos-${batch}`, samples }),
      });
      const reply: unknown = await response.json();
      const whole = typeof reply === "object" && reply !== null && "rejectedCount" in reply && reply.rejectedCount === 0;
      if (response.status !== 202 || !whole) throw new Error(`a batch was refused: ${response.status} ${JSON.stringify(reply)}`);
      return true;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith("a batch was refused")) throw error;
      return false;
    }
  }

  #timeOf(batch: number): number {
    const slot = Math.floor(batch / HOSTS);
    if (slot >= this.#slots) throw new Error("more batches than seconds in the accepted day: choose fewer kills");
    return this.#startMs + slot * 1_000;
  }

  async #judge(server: CrashServer): Promise<{ checked: number; lost: string[]; altered: string[] }> {
    const client = new Meridian({ url: server.url, key: server.demo.apiKey });
    const lost: string[] = [];
    const altered: string[] = [];
    let checked = 0;
    const window = 10_000;
    for (let host = 0; host < HOSTS; host++) {
      for (let from = 0; from * HOSTS < this.#next; from += window) {
        const { series, startMs } = await client.metrics.query({
          metric: "chaos_value",
          matchers: [{ label: "host", op: "=", value: `chaos-${host}` }],
          start: new Date(this.#startMs + from * 1_000).toISOString(),
          end: new Date(this.#startMs + (from + window) * 1_000).toISOString(),
          stepMs: 1_000,
          maxPoints: window + 1,
          aggregate: "sum",
        });
        for (let slot = from; slot < from + window; slot++) {
          const batch = slot * HOSTS + host;
          if (!this.#acknowledged.has(batch)) continue;
          for (let index = 0; index < SERIES; index++) {
            const values = series.find(({ labels }) => labels["series"] === String(index))?.values;
            const value = values?.[(this.#timeOf(batch) - startMs) / 1_000];
            checked++;
            if (value === undefined || value === null) lost.push(`batch ${batch}, series ${index}`);
            else if (value !== batch) altered.push(`batch ${batch}, series ${index}: ${value}`);
          }
        }
      }
    }
    return { checked, lost, altered };
  }

  /** Rollups say of every minute what its seconds say. */
  async #judgeMinutes(server: CrashServer, altered: string[]): Promise<{ minutes: number; altered: string[] }> {
    const client = new Meridian({ url: server.url, key: server.demo.apiKey });
    const ask = async (host: number, aggregate: "sum" | "count", stepMs: number, from: number, end: number) =>
      await client.metrics.query({
        metric: "chaos_value",
        matchers: [{ label: "host", op: "=", value: `chaos-${host}` }],
        start: new Date(from).toISOString(),
        end: new Date(end).toISOString(),
        stepMs,
        maxPoints: 11_000,
        aggregate,
      });
    let minutes = 0;
    const first = Math.floor(this.#startMs / MINUTE_MS) * MINUTE_MS;
    const end = this.#startMs + Math.ceil(this.#next / HOSTS) * 1_000;
    for (let host = 0; host < HOSTS; host++) {
      for (let from = first; from < end; from += 100 * MINUTE_MS) {
        const to = from + 100 * MINUTE_MS;
        // A server that has just come up still rolls: a little later the minutes are there.
        let sums = await ask(host, "sum", MINUTE_MS, from, to);
        for (let tries = 0; sums.trace.tiers.minute === 0 && tries < 100; tries++) {
          await new Promise((later) => setTimeout(later, 200));
          sums = await ask(host, "sum", MINUTE_MS, from, to);
        }
        const seconds = await ask(host, "sum", 1_000, from, to);
        minutes += sums.trace.tiers.minute;
        for (const { labels, values } of sums.series) {
          const own = seconds.series.find((other) => other.labels["series"] === labels["series"])?.values ?? [];
          for (const [minute, value] of values.entries()) {
            const expected = own.slice(minute * 60, minute * 60 + 60).filter((second) => second !== null);
            const sum = expected.length === 0 ? null : expected.reduce((total, second) => total + second, 0);
            if (value !== sum)
              altered.push(`minute ${minute} of host ${host}, series ${labels["series"] ?? ""}: ${value}, its seconds ${sum}`);
          }
        }
      }
    }
    return { minutes, altered };
  }
}

/** Where to kill, and by how much the clock is moved on before, so that there is something to seal or to roll up. */
function planOf(kills: number): { readonly failpoint: (typeof POINTS)[number]; readonly laterMs: number }[] {
  let rolls = 0;
  return Array.from({ length: kills }, (_, n) => {
    const failpoint = POINTS[n % POINTS.length] ?? "committed";
    if (failpoint === "committed") return { failpoint, laterMs: 0 };
    if (failpoint === "sealing" || rolls === MOST_ROLLS) return { failpoint: "sealing", laterMs: SEAL_LATER_MS };
    return { failpoint, laterMs: rolls++ === 0 ? SEAL_LATER_MS : ROLL_LATER_MS };
  });
}

/** `npm run soak -- metrics [--kills 20] [--acks 2000] [--seed n]` */
export async function soak(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: "string", default: "20" },
      acks: { type: "string", default: "2000" },
      seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) },
    },
  });
  console.log(`metrics: ${values.kills} kills, ${values.acks} acknowledged batches before each, --seed ${values.seed}`);
  const report = await proveMetrics({
    kills: Number(values.kills),
    acksPerKill: Number(values.acks),
    seed: Number(values.seed),
    log: console.log,
  });
  console.log(
    `${report.acknowledged} batches acknowledged, ${report.checked} samples and ${report.minutes} minutes checked, ${report.lost.length} lost, ${report.altered.length} altered`,
  );
  if (report.lost.length + report.altered.length === 0) return;
  console.error([...report.lost, ...report.altered].slice(0, 20).join("\n"));
  process.exitCode = 1;
}
