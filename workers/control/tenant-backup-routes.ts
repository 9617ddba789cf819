import * as z from "zod";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import { pageQuerySchema, pageSchema } from "../../contract/pages.ts";
import { backupSchema } from "../../contract/platform.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { tenantOf } from "../http/objects.ts";
import { audited } from "../http/audited.ts";
import { readPosition } from "./events-cursor.ts";
import { listBackups } from "./platform-backup-store.ts";
import { beginTenantBackup, runTenantBackup } from "./tenant-backup-run.ts";
import { backupPrefix, FILE_NAME } from "./tenant-backup-vault.ts";

const START = {
  method: "post",
  path: "/v1/tenant/backups",
  action: "tenant:manage",
  tag: "control",
  summary: "Save the tenant: objects, rows and files, sealed, into the deployment's archive",
  description: "One at a time. It goes on by itself; the list says when it is done.",
  answer: { status: 202, schema: backupSchema },
  problems: ["conflict"],
} as const;

const LIST = {
  method: "get",
  path: "/v1/tenant/backups",
  action: "tenant:manage",
  tag: "control",
  summary: "The tenant's backups, the newest first",
  query: pageQuerySchema,
  answer: { status: 200, schema: pageSchema(backupSchema) },
} as const;

const FILE = {
  method: "get",
  path: "/v1/tenant/backups/{backupId}/files/{file}",
  action: "tenant:manage",
  tag: "control",
  summary: "A sealed file of a backup of the tenant: `backup.json`, `manifest`, and those that the manifest names",
  params: z.object({ backupId: z.uuid(), file: z.string().regex(FILE_NAME) }),
  answer: { status: 200, mediaType: "application/octet-stream" },
  problems: ["not-found"],
} as const;

export function registerTenantBackupRoutes(app: App): void {
  route(app, START, async (call) => {
    const { env, principal, meta, now, ctx } = call;
    const { tenantId } = principal;
    const id = uuidv7(now, cryptoRandom);
    const begun = await audited(tenantOf(call), meta, { action: "backup.start", target: `backup/${id}` }, async () => {
      const running = await env.DB.prepare("SELECT 1 FROM control_backup WHERE scope = ? AND state = 'running'").bind(tenantId).first();
      if (running) return refuse("conflict", "A backup of this tenant is being made. Wait until it is done.");
      return accept(await beginTenantBackup(env, tenantId, id, now));
    });
    if (begun.ok) ctx.waitUntil(runTenantBackup(env, begun.value, now));
    return begun;
  });

  route(app, LIST, async ({ env, principal, query }) => {
    const after = readPosition(query.cursor, ["number", "string"]);
    return after.ok ? accept(await listBackups(env.DB, principal.tenantId, query.limit, after.value)) : after;
  });

  route(app, FILE, async ({ env, principal, params }): Promise<Outcome<undefined> | Response> => {
    // The key is made of the principal's tenant: whatever id is asked for, it is one of this tenant's backups or nothing.
    const found = await env.ARCHIVE.get(`${backupPrefix(principal.tenantId, params.backupId)}/${params.file}`);
    if (!found) return refuse("not-found", "There is no such file of a backup of this tenant.");
    return new Response(found.body, {
      headers: { "content-type": "application/octet-stream", "content-length": String(found.size), "cache-control": "no-store" },
    });
  });
}
