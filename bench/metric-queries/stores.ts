import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPeer, type Peer, type PeerName, startPeer } from "../../tests/lib/peers.ts";
import { freePort, removeState, startTestServer, type TestServer } from "../../tests/lib/server.ts";
import { REMOTE_WRITE_HEADERS } from "../lib/remote-write.ts";
import { history, HISTORY_METRIC, type Size } from "./dataset.ts";
import type { BenchQuestion, Range } from "./questions.ts";

/** What is measured, and what it is held against. */
export interface Store {
  readonly name: string;
  /** Brings the history of the one series, before anything is written. */
  loadHistory(size: Size, nowMs: number): Promise<void>;
  write(body: Uint8Array<ArrayBuffer>): Promise<void>;
  /** The answer's text. @throws when it is refused */
  ask(question: BenchQuestion, range: Range, nonce: string): Promise<string>;
  /** Ends it and starts it again on the same disk. @returns milliseconds from the start of the process until it says that it is ready */
  restart(): Promise<number>;
  stop(): Promise<void>;
}

/** Sends one request and reads its whole answer. */
async function exchange(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}: ${text.slice(0, 500)}`);
  return text;
}

/** Both peers speak Prometheus' API. */
async function askPrometheusApi(url: string, question: BenchQuestion, range: Range, nonce: string): Promise<string> {
  const [start, end] = [String(range.startMs / 1_000), String(range.endMs / 1_000)];
  if (question.values) {
    const match = `${question.values.metric}{job!="${nonce}"}`;
    const params = new URLSearchParams({ "match[]": match, start, end });
    return await exchange(`${url}/api/v1/label/${question.values.label}/values?${params}`, {});
  }
  const query = question.promql?.(nonce) ?? "";
  const body = new URLSearchParams({ query, start, end, step: String(range.stepMs / 1_000) });
  return await exchange(`${url}/api/v1/query_range`, { method: "POST", body });
}

interface PeerForm {
  readonly program: PeerName;
  readonly args: (folder: string, port: number) => string[];
  readonly ready: string;
}

class PeerStore implements Store {
  readonly name: string;
  protected readonly folder: string;
  protected readonly url: string;
  readonly #form: PeerForm;
  readonly #args: string[];
  #peer: Peer | undefined;

  constructor(name: string, form: PeerForm, port: number) {
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), "meridian-bench-"));
    this.url = `http://127.0.0.1:${port}`;
    this.#form = form;
    this.#args = form.args(this.folder, port);
  }

  async start(): Promise<void> {
    this.#peer = await startPeer(this.#form.program, this.#args, `${this.url}${this.#form.ready}`);
  }

  async loadHistory(_size: Size, _nowMs: number): Promise<void> {
    await this.start();
  }

  async write(body: Uint8Array<ArrayBuffer>): Promise<void> {
    await exchange(`${this.url}/api/v1/write`, { method: "POST", headers: REMOTE_WRITE_HEADERS, body });
  }

  async ask(question: BenchQuestion, range: Range, nonce: string): Promise<string> {
    return await askPrometheusApi(this.url, question, range, nonce);
  }

  async restart(): Promise<number> {
    await this.#peer?.stop();
    const began = performance.now();
    await this.start();
    return performance.now() - began;
  }

  async stop(): Promise<void> {
    await this.#peer?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function* lines(size: Size, nowMs: number, line: (atMs: number, value: number) => string): Generator<string> {
  for (const { atMs, value } of history(size, nowMs)) yield line(atMs, value);
}

class PrometheusStore extends PeerStore {
  static async prepare(): Promise<PrometheusStore> {
    const form: PeerForm = {
      program: "prometheus",
      ready: "/-/ready",
      args: (folder, port) => [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        "--storage.tsdb.retention.time=1y",
        `--web.listen-address=127.0.0.1:${port}`,
        "--web.enable-remote-write-receiver",
      ],
    };
    return new PrometheusStore("Prometheus", form, await freePort());
  }

  /** Its own tool makes blocks of ten days, as compaction would have. */
  override async loadHistory(size: Size, nowMs: number): Promise<void> {
    writeFileSync(join(this.folder, "prometheus.yml"), "{}");
    const samples = lines(size, nowMs, (atMs, value) => `${HISTORY_METRIC}{job="weather"} ${value} ${atMs / 1_000}`);
    const text = [`# TYPE ${HISTORY_METRIC} gauge`, ...samples, "# EOF\n"];
    const file = join(this.folder, "history.om");
    writeFileSync(file, text.join("\n"));
    const args = ["tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=240h", "-q", file, join(this.folder, "data")];
    execFileSync(findPeer("promtool") ?? "promtool", args, { stdio: "ignore" });
    await this.start();
  }
}

class VictoriaStore extends PeerStore {
  static async prepare(): Promise<VictoriaStore> {
    const form: PeerForm = {
      program: "victoria-metrics",
      ready: "/health",
      args: (folder, port) => [
        `-storageDataPath=${join(folder, "data")}`,
        `-httpListenAddr=127.0.0.1:${port}`,
        "-retentionPeriod=1y",
        // Without it the newest half minute is left out of every answer.
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
      ],
    };
    return new VictoriaStore("VictoriaMetrics", form, await freePort());
  }

  override async loadHistory(size: Size, nowMs: number): Promise<void> {
    await this.start();
    const text = [...lines(size, nowMs, (atMs, value) => `${HISTORY_METRIC}{job="weather"} ${value} ${atMs}`)].join("\n");
    await exchange(`${this.url}/api/v1/import/prometheus`, { method: "POST", body: `${text}\n` });
  }
}

class MeridianStore implements Store {
  readonly name = "Meridian";
  #server: TestServer;

  private constructor(server: TestServer) {
    this.#server = server;
  }

  static async start(): Promise<MeridianStore> {
    const store = new MeridianStore(await startTestServer());
    // 20,000 series and 51: more than one shard takes.
    const kept = { rawHours: null, minuteDays: null, hourDays: null, activeSeries: null, newSeriesPerHour: null };
    await store.#call("PUT", "/v1/metrics/settings", JSON.stringify({ shards: 2, ...kept }));
    return store;
  }

  async loadHistory(size: Size, nowMs: number): Promise<void> {
    const points = [...history(size, nowMs)];
    const [timestamps, values] = [points.map(({ atMs }) => atMs), points.map(({ value }) => value)];
    const line = JSON.stringify({ metric: HISTORY_METRIC, labels: { job: "weather" }, timestamps, values });
    await this.#call("POST", "/v1/metrics/import", line, "application/x-ndjson");
  }

  async write(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = { ...REMOTE_WRITE_HEADERS, authorization: `Bearer ${this.#server.demo.apiKey}` };
    await exchange(`${this.#server.url}/prometheus/api/v1/write`, { method: "POST", headers, body });
  }

  async ask(question: BenchQuestion, range: Range, nonce: string): Promise<string> {
    if (question.values) {
      const match = JSON.stringify([{ label: "job", op: "!=", value: nonce }]);
      const params = new URLSearchParams({ metric: question.values.metric, match, limit: "10000" });
      return await this.#call("GET", `/v1/metrics/labels/${question.values.label}/values?${params}`);
    }
    const [start, end] = [new Date(range.startMs).toISOString(), new Date(range.endMs).toISOString()];
    return await this.#call("POST", "/v1/metrics/query", JSON.stringify({ ...question.query?.(nonce), start, end, stepMs: range.stepMs }));
  }

  async restart(): Promise<number> {
    const { state, port } = this.#server;
    await this.#server.stop();
    const began = performance.now();
    this.#server = await startTestServer({ state, port });
    // As for the peers, whose first answer is that they are ready.
    await this.#call("GET", "/v1/me");
    return performance.now() - began;
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    removeState(this.#server);
  }

  async #call(method: string, path: string, body?: string, type = "application/json"): Promise<string> {
    const headers = { authorization: `Bearer ${this.#server.demo.apiKey}`, "content-type": type };
    return await exchange(`${this.#server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  }
}

export async function startStores(): Promise<readonly Store[]> {
  return [await MeridianStore.start(), await PrometheusStore.prepare(), await VictoriaStore.prepare()];
}
