import { registerIsolateCache } from "../http/isolate-caches.ts";
import { type KeepAlive, within } from "../http/single-flight.ts";

/** Calls that cross together at most: with the largest of their answers still far below what a crossing may carry. */
const MOST = 100;
/** So long a call waits for a crossing that another request has begun; the platform may end that one. */
const PATIENCE_MS = 10_000;

interface Crossing<A, R> {
  readonly asked: A[];
  readonly answers: Promise<readonly R[]>;
}

/** Calls of one moment that go to the same object cross to it together: most of what a crossing costs is the same for one as for many. */
export class Together<A, R> {
  readonly #open = new Map<string, Crossing<A, R>>();
  readonly #patienceMs: number;

  constructor(patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    registerIsolateCache(() => this.#open.clear());
  }

  /**
   * @param name of the object, and of what else calls must have in common
   * @param cross answers all, in their order; called by one of the requests, which is kept alive for it
   * @throws what `cross` throws, for each; an error marked `retryable` when the request that crosses is gone
   */
  async run(name: string, ctx: KeepAlive, asked: A, cross: (all: readonly A[]) => Promise<readonly R[]>): Promise<R> {
    const open = this.#open.get(name);
    if (open && open.asked.length < MOST) {
      const place = open.asked.push(asked) - 1;
      const settled = await within(open.answers, this.#patienceMs);
      if (!settled) throw Object.assign(new Error("the request that crossed to the object has ended"), { retryable: true });
      return answerAt(settled.value, place);
    }
    const all = [asked];
    const answers = this.#cross(name, all, cross);
    this.#open.set(name, { asked: all, answers });
    ctx.waitUntil(answers.catch(() => undefined)); // the failure is thrown to whoever awaits it
    return answerAt(await answers, 0);
  }

  async #cross(name: string, all: readonly A[], cross: (all: readonly A[]) => Promise<readonly R[]>): Promise<readonly R[]> {
    await scheduler.wait(0);
    if (this.#open.get(name)?.asked === all) this.#open.delete(name);
    return await cross(all);
  }
}

function answerAt<R>(answers: readonly R[], place: number): R {
  const answer = answers[place];
  if (answer === undefined) throw new Error("the object answered fewer calls than crossed to it");
  return answer;
}
