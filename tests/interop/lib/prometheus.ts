import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { freePort } from "../../lib/server.ts";
import { type Peer, startPeer } from "../../lib/peers.ts";

export interface Target {
  readonly job: string;
  readonly instance: string;
  readonly port: number;
  readonly path?: string;
}

export interface PrometheusOptions {
  readonly targets: readonly Target[];
  /** Where it writes to, with Prometheus' own settings for a queue. */
  readonly remoteWrite?: { readonly url: string; readonly key: string };
  readonly scrapeInterval?: string;
}

const matrixSchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});
const vectorSchema = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })) }),
});

export interface MatrixSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Epoch milliseconds and value. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

/** A Prometheus of its own folder and port that scrapes itself and others. */
export class Prometheus {
  readonly url: string;
  readonly folder: string;
  readonly #peer: Peer;

  private constructor(url: string, folder: string, peer: Peer) {
    this.url = url;
    this.folder = folder;
    this.#peer = peer;
  }

  static async start(options: PrometheusOptions): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "meridian-prometheus-"));
    const port = await freePort();
    const targets = [...options.targets, { job: "prometheus", instance: "p", port }];
    // JSON is YAML.
    const config = {
      global: { scrape_interval: options.scrapeInterval ?? "1s", scrape_timeout: options.scrapeInterval ?? "1s" },
      scrape_configs: targets.map((target, n) => ({
        job_name: `${target.job}-${n}`,
        metrics_path: "path" in target && target.path ? target.path : "/metrics",
        static_configs: [{ targets: [`127.0.0.1:${target.port}`], labels: { job: target.job, instance: target.instance } }],
      })),
      remote_write: options.remoteWrite
        ? [{ url: options.remoteWrite.url, authorization: { type: "Bearer", credentials: options.remoteWrite.key } }]
        : [],
    };
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
    const url = `http://127.0.0.1:${port}`;
    const args = [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    return new Prometheus(url, folder, await startPeer("prometheus", args, `${url}/-/ready`));
  }

  /** Answers a PromQL query over a range. */
  async range(promql: string, startMs: number, endMs: number, stepMs: number): Promise<MatrixSeries[]> {
    const { data } = matrixSchema.parse(
      await this.#get("query_range", { query: promql, start: startMs / 1_000, end: endMs / 1_000, step: stepMs / 1_000 }),
    );
    return data.result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, text]) => [Math.round(at * 1_000), readValue(text)] as const),
    }));
  }

  /** The samples as they are stored, of the window before `endMs`, both ends in it. */
  async samples(selector: string, endMs: number, windowS: number): Promise<MatrixSeries[]> {
    const { data } = matrixSchema.parse(await this.#get("query", { query: `${selector}[${windowS}s]`, time: endMs / 1_000 }));
    return data.result.map(({ metric, values }) => ({
      labels: metric,
      points: values.map(([at, text]) => [Math.round(at * 1_000), readValue(text)] as const),
    }));
  }

  /** The value of a query that has one, at this moment. */
  async value(promql: string): Promise<number | undefined> {
    const { data } = vectorSchema.parse(await this.#get("query", { query: promql }));
    const text = data.result[0]?.value[1];
    return text === undefined ? undefined : readValue(text);
  }

  /** The sum of a metric of its own, as it is now and not as it was last scraped. */
  async own(metric: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith(metric) && /^[ {]/.test(line.slice(metric.length)));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  output(): string {
    return this.#peer.output();
  }

  /** At once: asked nicely, it would try for a minute to send its last samples to a Meridian that may be gone. */
  async stop(): Promise<void> {
    await this.#peer.kill9();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #get(path: string, params: Readonly<Record<string, string | number>>): Promise<unknown> {
    const query = new URLSearchParams(Object.entries(params).map(([name, value]) => [name, String(value)]));
    const answer = await fetch(`${this.url}/api/v1/${path}`, { method: "POST", body: query });
    if (!answer.ok) throw new Error(`Prometheus refuses ${params["query"]}: ${await answer.text()}`);
    return await answer.json();
  }
}

function readValue(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
