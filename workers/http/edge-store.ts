import { sha256Hex } from "../../contract/base64.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";

const MADE_AT = "x-meridian-made-at";

/** A value of the store, and when it was made. */
export interface Kept<T> {
  readonly value: T;
  /** Epoch milliseconds. */
  readonly madeAt: number;
}

export interface EdgeStoreOptions<T> {
  /** A name space of its own: nothing that `fetch` caches under the same addresses is ever seen here, or the other way round. */
  readonly cacheName: string;
  /** What an isolate keeps itself, in the unit of `keep`'s weight. */
  readonly entries: number;
  readonly weight: number;
  readonly mediaType: string;
  /** Throws when the body is none of ours. */
  readonly decode: (body: Response) => Promise<T>;
}

/** Values kept by content at the edge: in the isolate, and through the Cache API by all isolates of a location. */
export class EdgeStore<T> {
  readonly #options: EdgeStoreOptions<T>;
  readonly #memory: Lru<Kept<T>>;

  constructor(options: EdgeStoreOptions<T>) {
    this.#options = options;
    this.#memory = new Lru(options.entries, options.weight);
    registerIsolateCache(() => this.#memory.clear());
  }

  /** What the isolate itself keeps, however old. */
  held(key: string, now: number): Kept<T> | undefined {
    return this.#memory.get(key, now);
  }

  /** However old: the caller decides whether it will do. */
  async find(env: EdgeEnv, key: string, now: number): Promise<Kept<T> | undefined> {
    return this.held(key, now) ?? (await this.#findAtLocation(env, key));
  }

  /** @param encode called only where isolates share @param maxAgeS when it is forgotten */
  async keep(env: EdgeEnv, key: string, kept: Kept<T>, weight: number, maxAgeS: number, encode: () => BodyInit): Promise<void> {
    this.#memory.set(key, kept, kept.madeAt + maxAgeS * 1_000, weight);
    if (!hasLocation(env)) return;
    try {
      const cache = await caches.open(this.#options.cacheName);
      const headers = {
        "content-type": this.#options.mediaType,
        "cache-control": `max-age=${maxAgeS}`,
        [MADE_AT]: String(kept.madeAt),
      };
      await cache.put(key, new Response(encode(), { headers }));
    } catch {
      // the next reader asks again
    }
  }

  async #findAtLocation(env: EdgeEnv, key: string): Promise<Kept<T> | undefined> {
    if (!hasLocation(env)) return undefined;
    try {
      const cache = await caches.open(this.#options.cacheName);
      const kept = await cache.match(key);
      return kept && { value: await this.#options.decode(kept), madeAt: Number(kept.headers.get(MADE_AT) ?? Number.NaN) };
    } catch {
      return undefined; // a cache that cannot be read is an empty one
    }
  }
}

/** An address of ours that no route has. All parts go in as JSON in a hash: no text of one can look like another's. */
export async function storeKey(env: EdgeEnv, parts: readonly unknown[]): Promise<string> {
  return `${env.PUBLIC_URL}/v1/.shared/${await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)))}`;
}

/**
 * Isolates of one location share through the Cache API. A single node has one isolate, and its Cache API writes files that
 * only go when the same question comes again: strangers could fill its disk with questions.
 */
function hasLocation({ SINGLE_NODE }: EdgeEnv): boolean {
  return SINGLE_NODE !== "true";
}
