import * as z from "zod";
import { fromBase64Url } from "../../contract/base64.ts";
import { restoreStatusSchema } from "../../contract/platform.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { FILE_NAME } from "./tenant-backup-vault.ts";
import { restorePrefix, restoreTenant } from "./tenant-restore-run.ts";

/** A part of a state is about a megabyte, a row alone two at most, a part of a file two, a manifest some. */
const FILE_BYTES = 8 * 1024 * 1024;
/** As base64url, with the JSON around it. */
const BODY_BYTES = Math.ceil((FILE_BYTES * 4) / 3) + 1_024;

const PUT = {
  method: "put",
  path: "/v1/platform/restores/{backupId}/files/{file}",
  action: "platform:manage",
  tag: "control",
  summary: "Send a sealed file of a tenant's backup",
  params: z.object({ backupId: z.uuid(), file: z.string().regex(FILE_NAME) }),
  description: "As base64url in JSON: a browser's session takes no other body.",
  body: z.strictObject({ data: z.string().min(1) }),
  maxBodyBytes: BODY_BYTES,
  answer: { status: 204 },
  problems: ["payload-too-large"],
} as const;

const RUN = {
  method: "post",
  path: "/v1/platform/restores/{backupId}",
  action: "platform:manage",
  tag: "control",
  summary: "Restore a tenant from the files that were sent",
  description: "One slice a call, until `state` is `done`. The tenant must not exist; an owner of it must have an account here.",
  params: z.object({ backupId: z.uuid() }),
  answer: { status: 200, schema: restoreStatusSchema },
  problems: ["not-found", "conflict", "in-progress"],
} as const;

export function registerTenantRestoreRoutes(app: App): void {
  route(app, PUT, async ({ env, body, params }): Promise<Outcome<undefined>> => {
    const bytes = fromBase64Url(body.data);
    if (!bytes || bytes.length > FILE_BYTES) {
      const errors = [{ pointer: "/data", detail: `Send the file as base64url, at most ${FILE_BYTES} bytes of it.` }];
      return refuse("invalid-body", "One field has to be changed: see `errors`.", { errors });
    }
    await env.ARCHIVE.put(`${restorePrefix(params.backupId)}/${params.file}`, bytes);
    return accept(undefined);
  });

  route(app, RUN, async ({ env, params, meta, now }) => await restoreTenant(env, params.backupId, meta, now));
}
