import { callObject, type ObjectAddress, objectName } from "../../contract/address.ts";
import { keyRing } from "../../contract/key-ring.ts";
import { anyObject } from "../consumers/objects.ts";
import { inParallel } from "../consumers/parallel.ts";
import type { EdgeEnv } from "../env.ts";
import { resealTwoFactor } from "./auth-reseal.ts";
import { tellNode, tellRotation } from "./platform-rotation.ts";
import { advanceWalk, beginWalk, latestWalk, nextObjects, type Walk } from "./platform-walk-store.ts";

export const WALK_LIMITS = {
  /** Objects of one page; how far the walk has come is written after each. */
  page: 50,
  /** Pages of one run: on Cloudflare it has to stay below 1,000 calls of other services. */
  pages: 4,
  nodePages: 100,
  /** Objects asked at the same time. */
  atOnce: 6,
  /** Slices that one object gets in a run; one that needs more is asked again in the next pass. */
  slices: 20,
  /** Rows of one-time codes of one slice. */
  rows: 50,
  /** The registry knows of an object this long after it came into being, at the latest. */
  registryLagMs: 600_000,
} as const;

/**
 * Goes on with the walk that makes anew, with the ring's current key, what older ones made; begins one when another key has become
 * current. A run does a bounded part; being killed, or running beside another, costs repetition and nothing else. What fails is
 * logged and walked again, and the walk has no end before everything went well.
 * @param now epoch milliseconds
 */
export async function walkReseal(env: EdgeEnv, now: number): Promise<void> {
  const { current } = keyRing(env);
  let walk = await latestWalk(env.DB);
  if (walk?.ringId !== current) {
    // Later than the one before even within one millisecond, and with a clock that was set back.
    await beginWalk(env.DB, current, Math.max(now, (walk?.startedAt ?? 0) + 1));
    walk = await latestWalk(env.DB);
  }
  const pages = env.SINGLE_NODE === "true" ? WALK_LIMITS.nodePages : WALK_LIMITS.pages;
  for (let page = 0; page < pages && walk?.ringId === current && walk.finishedAt === null; page++) {
    if (!(await walkPage(env, walk, now))) break;
    walk = await latestWalk(env.DB);
  }
  if (walk?.ringId !== current) return;
  await tellNode(env, walk);
  await tellRotation(env, walk, now);
}

/** @returns whether it is worth going on at once */
async function walkPage(env: EdgeEnv, walk: Walk, now: number): Promise<boolean> {
  const { place } = walk;
  const objects = await nextObjects(env.DB, place, walk.startedAt - WALK_LIMITS.registryLagMs, WALK_LIMITS.page);
  let { resealed } = walk;
  let { failed } = place;
  await inParallel(objects, WALK_LIMITS.atOnce, async (address) => {
    const done = await resealObject(env, address);
    resealed += done.resealed;
    failed ||= !done.whole;
  });
  const walked = place.pass === 1 ? walk.walked + objects.length : walk.walked;
  const last = objects.at(-1);
  if (last && objects.length === WALK_LIMITS.page)
    return await advanceWalk(env.DB, walk, {
      place: { ...place, after: [last.tenantId, last.kind, last.name], failed },
      walked,
      resealed,
      finishedAt: null,
    });
  // The end of a pass.
  if (failed) {
    await advanceWalk(env.DB, walk, {
      place: { ...place, after: null, failed: false },
      walked: place.pass === 1 ? 0 : walked,
      resealed,
      finishedAt: null,
    });
    return false; // what failed just now would fail again
  }
  if (place.pass === 1)
    return await advanceWalk(env.DB, walk, { place: { pass: 2, after: null, failed: false }, walked, resealed, finishedAt: null });
  const rows = await resealTwoFactor(env, WALK_LIMITS.rows);
  const to = { place, walked: walked + rows.resealed, resealed: resealed + rows.resealed };
  return await advanceWalk(env.DB, walk, { ...to, finishedAt: rows.more ? null : now });
}

/** @returns `whole` when the object says that nothing is left */
async function resealObject(env: EdgeEnv, address: ObjectAddress): Promise<{ resealed: number; whole: boolean }> {
  let resealed = 0;
  try {
    for (let slice = 0; slice < WALK_LIMITS.slices; slice++) {
      const report = await callObject(async () => await anyObject(env, address).maintain({ type: "reseal" }));
      resealed += report.resealed;
      if (!report.more) return { resealed, whole: true };
    }
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "reseal-failed", object: objectName(address), error: String(error) }));
  }
  return { resealed, whole: false };
}
