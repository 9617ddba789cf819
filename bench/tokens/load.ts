import { Agent, request } from "node:http";

export interface LoadOptions {
  readonly url: string;
  /** The next request's token; undefined for none. */
  readonly token: () => string | undefined;
  readonly connections: number;
  readonly seconds: number;
  readonly status: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Microseconds, the median. */
  readonly p50: number;
}

/** Closed loop: every connection sends its next request when the last was answered. @throws when an answer has another status */
export async function load({ url, token, connections, seconds, status }: LoadOptions): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  const connection = async (): Promise<void> => {
    for (let sent = performance.now(); sent < end; sent = performance.now()) {
      const answered = await send(agent, url, token());
      latencies.push((performance.now() - sent) * 1_000);
      if (answered !== status) throw new Error(`${url} answered ${answered} instead of ${status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const elapsed = (performance.now() - start) / 1_000;
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return { requests: latencies.length, perSecond: latencies.length / elapsed, p50: latencies[latencies.length >> 1] ?? 0 };
}

async function send(agent: Agent, url: string, token: string | undefined): Promise<number> {
  return await new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const sent = request(url, { agent, headers }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
    });
    sent.once("error", reject);
    sent.end();
  });
}
