import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { cryptoRandom, uuidv7 } from "../../contract/ids.ts";
import type { Backup } from "../../contract/platform.ts";
import { BackupDamaged } from "../../contract/backup-seal.ts";
import { ApiSession } from "./api-session.ts";
import { BackupError } from "./backup-error.ts";
import { RemoteCopier } from "./copier-messages.ts";
import { type RingText, readRing } from "./keys.ts";
import { backUpNode, type NodeBackup } from "./node-backup.ts";
import { restoreNode } from "./node-restore.ts";
import { noteBackup } from "./records.ts";
import { comparison } from "./report.ts";
import { backUpTenant, fetchBackup } from "./tenant-backup.ts";
import { ROOT } from "../lib/project.ts";

const USAGE = `npm run backup -- --to <folder> [options]
npm run backup -- --tenant <slug> [--to <folder>] [--url <origin>]

The whole node:
  --to <folder>            where the backup's own folder is made
  --state <folder>         the state to save, of a running server or not (.meridian/state)
  --key-ring <file>        the deployment's key ring, when no variable (MERIDIAN_KEY_RING, …_FILE) and no state folder names it
  --verify                 restore it into an empty folder and compare
The backup is sealed with a key of the ring, or with the variable MERIDIAN_BACKUP_KEY (base64url of 32 bytes).

One tenant, into its deployment's archive, and from there into --to when it is given:
  --tenant <slug>          the tenant; you are its owner or admin
  --url <origin>           the deployment (http://127.0.0.1:8787)
Sign in with the variables MERIDIAN_EMAIL and MERIDIAN_PASSWORD, or MERIDIAN_SESSION, or as the demo's operator of --state.`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        to: { type: "string" },
        state: { type: "string", default: join(ROOT, ".meridian/state") },
        "key-ring": { type: "string" },
        verify: { type: "boolean", default: false },
        tenant: { type: "string" },
        url: { type: "string", default: "http://127.0.0.1:8787" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return undefined;
    if (values.to === undefined && values.tenant === undefined) throw new Error("--to is missing: name the folder that backups go to");
    return { ...values, to: values.to === undefined ? undefined : resolve(values.to), state: resolve(values.state) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return console.log(USAGE);
  const { to, tenant } = options;
  if (tenant !== undefined) return await saveTenant(tenant, options);
  if (to !== undefined) await saveNode({ ...options, to });
}

async function saveTenant(
  slug: string,
  options: { readonly url: string; readonly state: string; readonly to: string | undefined },
): Promise<void> {
  const session = await ApiSession.open(options.url, options.state, process.env);
  const backup = await backUpTenant(session, slug);
  const place = options.to === undefined ? `${backup.target} in the archive` : await fetchBackup(session, backup, slug, options.to);
  console.log(`\n  ${place}\n  ${backup.objects} objects, ${backup.rows} rows, ${backup.bytes} bytes sealed; checksum ${backup.checksum}`);
}

async function saveNode(options: {
  readonly to: string;
  readonly state: string;
  readonly verify: boolean;
  readonly "key-ring"?: string;
}): Promise<void> {
  const ring = readRing({ file: options["key-ring"], state: options.state }, process.env);
  const startedAt = Date.now();
  const id = uuidv7(startedAt, cryptoRandom);
  const begun: Backup = {
    id,
    scope: "node",
    state: "running",
    startedAt: new Date(startedAt).toISOString(),
    finishedAt: null,
    target: basename(options.to),
    bytes: 0,
    objects: 0,
    rows: 0,
    checksum: null,
    problem: null,
  };
  const started = (): void => {
    note(begun);
  };
  let noted = false;
  const note = (backup: Backup): void => {
    noted = true;
    noteBackup(options.state, backup);
  };
  try {
    const made = await backUpNode({ ...options, id, startedAt, ring: ring.ring, env: process.env, started, copier: new RemoteCopier() });
    if (options.verify) await verify(made, ring);
    const done = { ...begun, ...totals(made), state: "done", finishedAt: made.head.finishedAt, target: basename(made.folder) } as const;
    note(done);
    console.log(`\n  ${made.folder}\n  ${done.objects} objects, ${done.rows} rows, ${done.bytes} bytes sealed; checksum ${done.checksum}`);
  } catch (error) {
    const problem = error instanceof BackupError || error instanceof BackupDamaged ? error.message : "It failed; the terminal says why.";
    if (noted) note({ ...begun, state: "failed", finishedAt: new Date().toISOString(), problem: problem.slice(0, 500) });
    throw error;
  }
}

function totals({ head, manifest }: NodeBackup): Pick<Backup, "bytes" | "objects" | "rows" | "checksum"> {
  const { entries } = manifest;
  return {
    bytes: entries.reduce((sum, entry) => sum + entry.sealedBytes, 0),
    objects: entries.filter((entry) => entry.kind === "sqlite" && /^v3[/\\]do[/\\].*[0-9a-f]{64}\.sqlite$/.test(entry.path)).length,
    rows: entries.reduce((sum, entry) => sum + entry.tables.reduce((rows, table) => rows + table.rows, 0), 0),
    checksum: head.checksum,
  };
}

async function verify(made: NodeBackup, ring: RingText): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-verify-"));
  try {
    const { tables } = await restoreNode({ from: made.folder, state: join(folder, "state"), ring, env: process.env });
    console.log(comparison(tables));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Who pins for this process has been killed, and with it what was pinned.
const orphaned = (): never => process.exit(1);
process.once("disconnect", orphaned);

main()
  .catch((error: unknown) => {
    if (error instanceof BackupError || error instanceof BackupDamaged) console.error(`meridian: ${error.message}`);
    else console.error(error);
    process.exitCode = 1;
  })
  .finally(() => {
    process.off("disconnect", orphaned);
    if (process.connected) process.disconnect();
  });
