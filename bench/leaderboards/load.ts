import { Agent, request } from "node:http";

/** One kind of request against one server. */
export interface Shape {
  readonly url: string;
  readonly token: string;
  readonly method: "GET" | "POST";
  readonly path: (n: number) => string;
  readonly body?: (n: number) => string;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Closed loop: every connection sends its next request when the last was answered. @throws when an answer is no success */
export async function closedLoop(shape: Shape, connections: number, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1_000;
  let next = 0;
  const connection = async (): Promise<void> => {
    while (performance.now() < end) latencies.push(await once(agent, shape, next++));
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const elapsed = (performance.now() - start) / 1_000;
  agent.destroy();
  return figures(latencies, elapsed);
}

/** Open loop: requests leave at a steady pace whether or not the last was answered. @throws when an answer is no success */
export async function openLoop(shape: Shape, perSecond: number, seconds: number): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const latencies: number[] = [];
  const open: Promise<void>[] = [];
  const start = performance.now();
  for (let n = 0; n < perSecond * seconds;) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - start) / 1_000) * perSecond));
    for (; n < due; n++) open.push(once(agent, shape, n).then((ms) => void latencies.push(ms)));
    await new Promise((later) => setTimeout(later, 2));
  }
  await Promise.all(open);
  const elapsed = (performance.now() - start) / 1_000;
  agent.destroy();
  return figures(latencies, elapsed);
}

/** What latencies in milliseconds, in any order, come to. */
export function figures(latencies: number[], elapsed: number): LoadResult {
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
  return { requests: sorted.length, perSecond: sorted.length / elapsed, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** @returns milliseconds to the end of the answer */
export async function once(agent: Agent, shape: Shape, n: number): Promise<number> {
  const body = shape.body?.(n);
  const headers = {
    authorization: `Bearer ${shape.token}`,
    ...(body === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
  };
  const sent = performance.now();
  return await new Promise((resolve, reject) => {
    const going = request(`${shape.url}${shape.path(n)}`, { agent, method: shape.method, headers }, (response) => {
      const failed = (response.statusCode ?? 0) >= 300;
      let text = "";
      if (failed) response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      else response.resume();
      response.once("end", () => {
        if (failed) reject(new Error(`${shape.method} ${shape.path(n)} answered ${response.statusCode}: ${text.slice(0, 300)}`));
        else resolve(performance.now() - sent);
      });
    });
    going.once("error", (error) => {
      // A server may close a connection just when it is used again (`ClientRequest.reusedSocket`); both attempts count for the latency.
      if (going.reusedSocket && "code" in error && error.code === "ECONNRESET")
        once(agent, shape, n).then(() => resolve(performance.now() - sent), reject);
      else reject(error);
    });
    going.end(body);
  });
}
