import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type RestoreStatus, restoreStatusSchema } from "../../contract/platform.ts";
import type { ApiSession } from "./api-session.ts";
import { BackupError } from "./backup-error.ts";
import { readHead } from "./backup-folder.ts";

/** Sends a tenant's backup to a deployment and has it restored there. @throws BackupError */
export async function restoreTenant(session: ApiSession, folder: string): Promise<RestoreStatus> {
  const { id, scope } = await readHead(folder);
  if (scope === "node") throw new BackupError(`${folder} is the backup of a whole node. Restore it with --from.`);
  for (const name of readdirSync(folder).sort()) {
    const data = (await readFile(join(folder, name))).toString("base64url");
    await session.do("PUT", `/v1/platform/restores/${id}/files/${name}`, { data });
  }
  for (;;) {
    const status = await session.json(restoreStatusSchema, "POST", `/v1/platform/restores/${id}`);
    if (status.state === "done") return status;
  }
}
