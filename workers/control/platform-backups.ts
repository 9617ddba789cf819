import * as z from "zod";
import { PLATFORM_TENANT } from "../../contract/address.ts";
import type { EventMessage } from "../../contract/events.ts";
import { uuidv7 } from "../../contract/ids.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { type Backup, backupSchema } from "../../contract/platform.ts";
import { accept } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { readPosition } from "./events-cursor.ts";
import { listBackups, noteBackup } from "./platform-backup-store.ts";

const LIST = {
  method: "get",
  path: "/v1/platform/backups",
  action: "platform:manage",
  tag: "control",
  summary: "Backups of the node and of tenants, the newest first",
  query: pageQuerySchema,
  answer: { status: 200, schema: pageSchema(backupSchema) },
} as const;

export function registerPlatformBackupRoutes(app: App): void {
  route(app, LIST, async ({ env, query }) => {
    const after = readPosition(query.cursor, ["number", "string"]);
    return after.ok ? accept(await listBackups(env.DB, undefined, query.limit, after.value)) : after;
  });
}

/** What a node says of its backups at a time. */
const MAX_BACKUPS = 100;
/** A backup whose event is not in the history after this long is not told any more. */
const TELL_FOR_MS = 86_400_000;

/** As it stood when this isolate took it in; one that was told of needs nothing more. */
const settled = new Map<string, string>();
registerIsolateCache(() => settled.clear());

/**
 * Takes in what `npm run backup` left in the state folder of a single node: a row each, and once an event for each that was
 * completed. Elsewhere it does nothing. Doing it twice is harmless.
 * @param now epoch milliseconds
 */
export async function takeInBackups(env: EdgeEnv, now: number): Promise<void> {
  if (!env.NODE) return;
  const answer = await env.NODE.fetch("http://node/backups");
  if (!answer.ok) throw new Error(`the node did not say what backups it has: ${answer.status}`);
  const found = z
    .array(backupSchema)
    .max(MAX_BACKUPS)
    .parse(await answer.json());
  // A tenant's backups are the platform's own knowledge, whatever lies in a folder.
  const news = found.filter((backup) => backup.scope === "node" && settled.get(backup.id) !== JSON.stringify(backup));
  if (news.length === 0) return;
  await env.DB.batch(news.map((backup) => noteBackup(env.DB, backup)));
  for (const backup of news) if (await tellBackup(env, backup, now)) settled.set(backup.id, JSON.stringify(backup));
  for (const id of settled.keys()) if (!found.some((backup) => backup.id === id)) settled.delete(id);
}

/**
 * Tells once that a backup was completed. A single node's queue may lose the message with its node, so it is sent until the
 * history has it; its id is always the same, so the history has it once.
 * @returns whether there is nothing left to tell
 */
async function tellBackup(env: Pick<EdgeEnv, "HISTORY" | "EVENTS">, backup: Backup, now: number): Promise<boolean> {
  if (backup.state !== "done" || backup.finishedAt === null) return true;
  const at = Date.parse(backup.finishedAt);
  if (now - at > TELL_FOR_MS) return true;
  const event = await backupEvent(PLATFORM_TENANT, backup, at);
  const known = await env.HISTORY.prepare("SELECT 1 FROM control_event WHERE tenant_id = ? AND id = ?")
    .bind(PLATFORM_TENANT, event.id)
    .first();
  if (known) return true;
  await env.EVENTS.send(event, { contentType: "json" });
  return false;
}

/** `meridian.backup.completed`; the same backup makes the same event. */
async function backupEvent(tenantId: string, backup: Backup, at: number): Promise<EventMessage> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`backup ${backup.id}`)));
  const id = uuidv7(at, (bytes) => {
    bytes.set(digest.subarray(0, bytes.length));
    return bytes;
  });
  const { scope, target, bytes, objects, rows, checksum } = backup;
  const data = { backupId: backup.id, scope, target, bytes, objects, rows, checksum };
  return {
    v: 1,
    id,
    tenantId,
    source: "d1/control_backup",
    seq: at,
    type: "meridian.backup.completed",
    subject: `backup/${backup.id}`,
    at,
    data,
  };
}
