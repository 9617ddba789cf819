/** A request's way to keep its work alive after it was answered or its client left. */
export type KeepAlive = Pick<ExecutionContext, "waitUntil">;

/** How long one request waits for another's read before it makes its own. */
const PATIENCE_MS = 1_000;

/**
 * One read at a time per key, shared by all requests of the isolate. The read belongs to the request that began it: it
 * is kept alive by `waitUntil`, and should the platform end that request all the same, the others go on by themselves.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Promise<T>>();

  async run(key: string, ctx: KeepAlive, read: () => Promise<T>): Promise<T> {
    const shared = this.#running.get(key);
    if (shared) {
      const settled = await within(shared, PATIENCE_MS);
      if (settled) return settled.value;
      if (this.#running.get(key) === shared) this.#running.delete(key);
      return await this.run(key, ctx, read);
    }
    const own = read().finally(() => {
      if (this.#running.get(key) === own) this.#running.delete(key);
    });
    this.#running.set(key, own);
    ctx.waitUntil(own.catch(() => undefined)); // the failure is thrown to whoever awaits `own`
    return await own;
  }

  clear(): void {
    this.#running.clear();
  }
}

/**
 * What the work comes to; undefined when it takes longer. The timer is put away only once we go on ourselves: another request's work
 * settles in that request, and the platform ends a request that waits with nothing of its own under way, as one that hangs.
 */
export async function within<T>(work: Promise<T>, ms: number): Promise<{ readonly value: T } | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
