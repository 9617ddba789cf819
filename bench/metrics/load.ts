import { Agent, request } from "node:http";

export interface LoadOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  /** The body of the next request of a connection; undefined: it has no more. */
  readonly body: (connection: number) => Uint8Array | undefined;
  /** Begin no request after so long. */
  readonly seconds?: number;
  /** What a good answer's status may be. */
  readonly statuses: readonly number[];
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Closed loop: every connection sends its next request when the last was answered. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  const latencies: number[] = [];
  let failed = 0;
  const start = performance.now();
  const end = start + (options.seconds ?? Number.POSITIVE_INFINITY) * 1_000;
  const connection = async (n: number): Promise<void> => {
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      const body = options.body(n);
      if (!body) return;
      const status = await send(agent, options, body);
      latencies.push(performance.now() - sent);
      if (!options.statuses.includes(status)) failed++;
    }
  };
  await Promise.all(Array.from({ length: options.connections }, (_, n) => connection(n)));
  const elapsed = (performance.now() - start) / 1_000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))] ?? 0;
  return { requests: latencies.length, perSecond: latencies.length / elapsed, failed, p50: quantile(0.5), p99: quantile(0.99) };
}

async function send(agent: Agent, options: LoadOptions, body: Uint8Array): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      options.url,
      { agent, method: "POST", headers: { "content-type": "application/json", "content-length": body.length, ...options.headers } },
      (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
      },
    );
    sent.once("error", (cause) => reject(new Error(`${options.url} broke off`, { cause })));
    sent.end(body);
  });
}
