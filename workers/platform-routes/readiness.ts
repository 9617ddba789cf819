import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { Lru } from "../http/lru.ts";
import { attemptsOf } from "../http/objects.ts";
import { type KeepAlive, SingleFlight } from "../http/single-flight.ts";

/** Probes of many load balancers cost one look in this time. */
const CACHED_MS = 5_000;
/** A part that needs longer does not serve requests either. */
const PATIENCE_MS = 2_000;

const results = new Lru<readonly Part[]>(1);
const looks = new SingleFlight<readonly Part[]>();
registerIsolateCache(() => {
  results.clear();
  looks.clear();
});

export type Part = "database" | "history" | "objects" | "archive";

const PROBES: Readonly<Record<Part, (env: EdgeEnv) => Promise<unknown>>> = {
  database: async (env) => await env.DB.prepare("SELECT 1").first(),
  history: async (env) => await env.HISTORY.prepare("SELECT 1").first(),
  objects: async (env) => await attemptsOf(env, "readiness").outboxStatus(),
  archive: async (env) => await env.ARCHIVE.head("readiness"),
};

/** The parts that do not answer; none when all do. */
export async function readiness(env: EdgeEnv, ctx: KeepAlive, now: number): Promise<readonly Part[]> {
  const cached = results.get("all", now);
  if (cached) return cached;
  const failed = await looks.run("all", ctx, async () => await probeAll(env));
  results.set("all", failed, now + CACHED_MS);
  return failed;
}

async function probeAll(env: EdgeEnv): Promise<readonly Part[]> {
  const parts = Object.keys(PROBES) as Part[]; // the keys of a record of parts are parts
  const answers = await Promise.all(parts.map(async (part) => await answersInTime(async () => await PROBES[part](env))));
  return parts.filter((_part, i) => !answers[i]);
}

async function answersInTime(probe: () => Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  try {
    return await Promise.race([probe().then(() => true), late]);
  } catch {
    return false; // whatever it is: this part does not answer
  } finally {
    clearTimeout(timer);
  }
}
