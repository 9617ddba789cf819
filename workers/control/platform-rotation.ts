import { PLATFORM_TENANT } from "../../contract/address.ts";
import type { EventMessage } from "../../contract/events.ts";
import { uuidv7 } from "../../contract/ids.ts";
import type { EdgeEnv } from "../env.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { pastWalks, type Walk } from "./platform-walk-store.ts";

/** A rotation whose event is not in the history after this long is not told any more. */
const TELL_FOR_MS = 86_400_000;

/** What this isolate has told already: the state of the walk to its node, the rotation to the history. */
let toldNode = "";
let toldHistory = "";
registerIsolateCache(() => {
  toldNode = "";
  toldHistory = "";
});

/** Tells the program of a single node how far the walk is: `npm run keys` asks there before it lets a key go. */
export async function tellNode(env: Pick<EdgeEnv, "NODE">, { ringId, startedAt, finishedAt }: Walk): Promise<void> {
  const body = JSON.stringify({ ringId, startedAt, finishedAt });
  if (!env.NODE || toldNode === body) return;
  const answer = await env.NODE.fetch("http://node/key-ring-walk", { method: "PUT", body });
  if (answer.ok) toldNode = body;
}

/**
 * Tells once that another key has become current. The first ring of a deployment is no rotation. The message may be sent several
 * times, since a queue may lose it with its node; its id is always the same, so the history has it once.
 */
export async function tellRotation(env: Pick<EdgeEnv, "DB" | "HISTORY" | "EVENTS">, walk: Walk, now: number): Promise<void> {
  const name = `${walk.ringId} ${walk.startedAt}`;
  if (toldHistory === name || now - walk.startedAt > TELL_FOR_MS) return;
  const before = (await pastWalks(env.DB)).find(({ startedAt }) => startedAt < walk.startedAt);
  if (!before) {
    toldHistory = name;
    return;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(name)));
  const id = uuidv7(walk.startedAt, (bytes) => {
    bytes.set(digest.subarray(0, bytes.length));
    return bytes;
  });
  const known = await env.HISTORY.prepare("SELECT 1 FROM control_event WHERE tenant_id = ? AND id = ?").bind(PLATFORM_TENANT, id).first();
  if (known) {
    toldHistory = name;
    return;
  }
  await env.EVENTS.send({
    v: 1,
    id,
    tenantId: PLATFORM_TENANT,
    source: "d1/control_reseal_walk",
    seq: walk.startedAt,
    type: "meridian.key-ring.rotated",
    subject: `key-ring/${walk.ringId}`,
    at: walk.startedAt,
    data: { current: walk.ringId, previous: before.ringId },
  } satisfies EventMessage);
}
