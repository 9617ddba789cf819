import { Agent, request } from "node:http";

/** A request that is sent over and over. */
export interface Shape {
  readonly name: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: (n: number) => unknown;
}

export interface Figures {
  readonly requests: number;
  readonly failed: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Open loop: requests leave at a steady pace whether or not the last was answered, so that a stall is seen by all who meet it. */
export class Pace {
  readonly #url: string;
  readonly #key: string;
  readonly #perSecond: number;
  readonly #shapes: readonly Shape[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 });
  readonly #latencies = new Map<string, number[]>();
  readonly #failed = new Map<string, number>();
  #sent = 0;

  constructor(url: string, key: string, perSecond: number, shapes: readonly Shape[]) {
    this.#url = url;
    this.#key = key;
    this.#perSecond = perSecond;
    this.#shapes = shapes;
  }

  /** @param phase under which the figures are kept */
  async run(seconds: number, phase: string): Promise<void> {
    const open: Promise<void>[] = [];
    const start = performance.now();
    const total = seconds * this.#perSecond;
    for (let n = 0; n < total;) {
      const due = Math.min(total, Math.floor(((performance.now() - start) / 1_000) * this.#perSecond));
      for (; n < due; n++) open.push(this.#send(phase));
      await new Promise((done) => setTimeout(done, 2));
    }
    await Promise.all(open);
  }

  figures(phase: string, name: string): Figures {
    const sorted = (this.#latencies.get(`${phase} ${name}`) ?? []).toSorted((a, b) => a - b);
    const quantile = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
    const failed = this.#failed.get(`${phase} ${name}`) ?? 0;
    return { requests: sorted.length, failed, p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) };
  }

  async #send(phase: string): Promise<void> {
    const n = this.#sent++;
    const shape = this.#shapes[n % this.#shapes.length];
    if (!shape) return;
    const name = `${phase} ${shape.name}`;
    const sent = performance.now();
    const status = await this.#once(shape, n).catch(async () => await this.#again(shape, n));
    const list = this.#latencies.get(name) ?? [];
    list.push(performance.now() - sent);
    this.#latencies.set(name, list);
    if (status < 200 || status > 299) this.#failed.set(name, (this.#failed.get(name) ?? 0) + 1);
  }

  /** A kept connection may be closed by the server in the instant in which it is used again; that says nothing about the server's work. */
  async #again(shape: Shape, n: number): Promise<number> {
    return await this.#once(shape, n).catch(() => 0);
  }

  async #once(shape: Shape, n: number): Promise<number> {
    const body = shape.body ? Buffer.from(JSON.stringify(shape.body(n))) : undefined;
    const headers = {
      authorization: `Bearer ${this.#key}`,
      ...(body ? { "content-type": "application/json", "content-length": String(body.length) } : {}),
    };
    return await new Promise((resolve, reject) => {
      const going = request(`${this.#url}${shape.path}`, { agent: this.#agent, method: shape.method, headers }, (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
      });
      going.once("error", reject);
      going.end(body);
    });
  }
}
