import { keyRing } from "../../contract/key-ring.ts";
import { type KeyRingStatus, keyRingStatusSchema } from "../../contract/platform.ts";
import { accept } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { countKnown, latestWalk, pastWalks, type Walk } from "./platform-walk-store.ts";

const spec = {
  method: "get",
  path: "/v1/platform/key-ring",
  action: "platform:manage",
  tag: "control",
  summary: "The deployment's keys, and how far the walk is that makes anew what older ones made",
  answer: { status: 200, schema: keyRingStatusSchema },
} as const;

export function registerPlatformKeyRingRoute(app: App): void {
  route(app, spec, async ({ env }) => accept(await keyRingStatus(env)));
}

async function keyRingStatus(env: EdgeEnv): Promise<KeyRingStatus> {
  const { current, ids } = keyRing(env);
  const [latest, past, known] = await Promise.all([latestWalk(env.DB), pastWalks(env.DB), countKnown(env.DB)]);
  // Between a rotation and the first slice of its walk nobody has counted anything.
  const walk = latest?.ringId === current ? latest : undefined;
  const finishedAt = walk?.finishedAt ?? null;
  const used = new Set(past.map(({ ringId }) => ringId));
  return {
    current,
    keys: ids.map((id) => ({
      id,
      state: id === current ? ("current" as const) : ("older" as const),
      inUse: inUseOf(id === current, used.has(id), walk, known),
    })),
    reseal: {
      state: walk === undefined ? "idle" : walk.finishedAt === null ? "running" : "done",
      walked: walk?.walked ?? 0,
      resealed: walk?.resealed ?? 0,
      finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
    },
  };
}

/** With a key that never was current nothing was made; with an older one, at most what the walk has not come to. */
function inUseOf(isCurrent: boolean, wasCurrent: boolean, walk: Walk | undefined, known: number): number | null {
  if (!wasCurrent && !isCurrent) return 0;
  if (!walk) return null;
  if (isCurrent) return walk.finishedAt === null ? Math.min(known, walk.walked) : known;
  return walk.finishedAt === null ? Math.max(1, known - walk.walked) : 0;
}
