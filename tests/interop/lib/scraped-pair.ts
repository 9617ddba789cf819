import { Meridian } from "../../../sdk/client.ts";
import type { MetricQueryReply } from "../../../contract/metric-query.ts";
import { type Peer, startPeer } from "../../lib/peers.ts";
import { freePort, removeState, startTestServer, type TestServer } from "../../lib/server.ts";
import type { Question } from "../prometheus-questions.ts";
import { OwnExporter } from "./own-exporter.ts";
import { Prometheus } from "./prometheus.ts";

/** Of one question; a Prometheus' own histograms have a hundred series each. */
const SELECTIONS = 5;
const NAMES = ["a", "b", "c"] as const;

/** A Prometheus that scrapes node_exporter, itself and an exporter of ours, keeps what it scrapes and writes it to a Meridian. */
export class ScrapedPair {
  readonly prometheus: Prometheus;
  server: TestServer;
  readonly #node: Peer;
  readonly #own: OwnExporter;

  private constructor(server: TestServer, prometheus: Prometheus, node: Peer, own: OwnExporter) {
    this.server = server;
    this.prometheus = prometheus;
    this.#node = node;
    this.#own = own;
  }

  static async start(): Promise<ScrapedPair> {
    const server = await startTestServer();
    const nodePort = await freePort();
    const address = `127.0.0.1:${nodePort}`;
    const node = await startPeer("prometheus-node-exporter", [`--web.listen-address=${address}`], `http://${address}/metrics`);
    const own = await OwnExporter.start();
    const prometheus = await Prometheus.start({
      targets: [
        { job: "node", instance: "n", port: nodePort },
        { job: "own", instance: "a", port: own.port, path: "/a" },
        { job: "own", instance: "b", port: own.port, path: "/b" },
      ],
      remoteWrite: { url: `${server.url}/prometheus/api/v1/write`, key: server.demo.apiKey },
    });
    return new ScrapedPair(server, prometheus, node, own);
  }

  get meridian(): Meridian {
    return new Meridian({ url: this.server.url, key: this.server.demo.apiKey });
  }

  /** Waits until Prometheus has sent everything that it scraped before this. @throws when that takes more than a minute */
  async sentUntil(atMs: number): Promise<void> {
    for (let tries = 0; tries < 240; tries++) {
      const newest = await this.prometheus.own("prometheus_remote_storage_queue_highest_sent_timestamp_seconds");
      const pending = await this.prometheus.own("prometheus_remote_storage_samples_pending");
      // Pending are those of a second or two; what is older has left, because a queue sends in order of time.
      if (newest * 1_000 > atMs + 5_000 && pending < 10_000) return;
      await new Promise((later) => setTimeout(later, 250));
    }
    throw new Error(`Prometheus does not get rid of its samples:\n${this.prometheus.output().slice(-2_000)}`);
  }

  async ask(question: Question, startMs: number, endMs: number, stepMs: number): Promise<MetricQueryReply> {
    const shown = question.formula === undefined;
    return await this.meridian.metrics.query({
      selections: question.selections.map((selection, n) => ({ ...selection, name: NAMES[n] ?? "", shown })),
      formulas: question.formula ? [{ ...question.formula, name: "answer" }] : [],
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      stepMs,
    });
  }

  /** How many samples each has of every series in the window before a time, both ends in it. */
  async counts(endMs: number, windowS: number): Promise<{ theirs: Map<string, number>; ours: Map<string, number> }> {
    const theirs = new Map<string, number>();
    const metrics = new Set<string>();
    for (const { labels, points } of await this.prometheus.samples('{__name__!=""}', endMs, windowS)) {
      const { __name__: metric = "", ...others } = labels;
      metrics.add(metric);
      theirs.set(keyOf(metric, others), points.length);
    }
    const ours = new Map<string, number>();
    const at = new Date(endMs).toISOString();
    const names = [...metrics];
    for (let from = 0; from < names.length; from += SELECTIONS) {
      const part = names.slice(from, from + SELECTIONS);
      const selections = part.map((metric, n) => ({ name: `s${n}`, metric, aggregate: "count" as const, windowMs: windowS * 1_000 }));
      const reply = await this.meridian.metrics.query({ selections, start: at, end: at, stepMs: 1_000 });
      for (const { name, labels, values } of reply.series)
        if (typeof values[0] === "number") ours.set(keyOf(part[Number(name?.slice(1))] ?? "", labels), values[0]);
    }
    return { theirs, ours };
  }

  async stop(): Promise<void> {
    await Promise.all([this.prometheus.stop(), this.#node.stop(), this.#own.stop(), this.server.stop()]);
    removeState(this.server);
  }
}

function keyOf(metric: string, labels: Readonly<Record<string, string>>): string {
  return JSON.stringify([metric, Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
