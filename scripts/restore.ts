import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BackupDamaged } from "../contract/backup-seal.ts";
import { ApiSession } from "./backup/api-session.ts";
import { BackupError } from "./backup/backup-error.ts";
import { readRing } from "./backup/keys.ts";
import { restoreNode } from "./backup/node-restore.ts";
import { comparison, objectComparison } from "./backup/report.ts";
import { restoreTenant } from "./backup/tenant-restore.ts";

const USAGE = `npm run restore -- --from <folder> --state <empty folder> [options]
npm run restore -- --tenant-from <folder> [--url <origin>]

A whole node:
  --from <folder>          a backup's own folder
  --state <folder>         the state folder to be; absent or empty
  --key-ring <file>        the deployment's key ring, when no variable (MERIDIAN_KEY_RING, …_FILE) names it

One tenant, into a running deployment where it is missing:
  --tenant-from <folder>   a tenant's backup
  --url <origin>           the deployment (http://127.0.0.1:8787); you are one of its admins, and an owner of the tenant has an account
Sign in with the variables MERIDIAN_EMAIL and MERIDIAN_PASSWORD, or MERIDIAN_SESSION, or as the demo's operator of --state.`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        from: { type: "string" },
        state: { type: "string" },
        "key-ring": { type: "string" },
        "tenant-from": { type: "string" },
        url: { type: "string", default: "http://127.0.0.1:8787" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return undefined;
    const { from, state, "tenant-from": tenantFrom } = values;
    if (tenantFrom !== undefined)
      return { kind: "tenant", from: resolve(tenantFrom), url: values.url, state: resolve(state ?? ".meridian/state") } as const;
    if (from === undefined || state === undefined) throw new Error("--from and --state are needed");
    return { kind: "node", from: resolve(from), state: resolve(state), keyRing: values["key-ring"] } as const;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return console.log(USAGE);
  if (options.kind === "tenant") return await bringBack(options);
  const ring = readRing({ file: options.keyRing }, process.env);
  const { tables, manifest } = await restoreNode({ ...options, ring, env: process.env });
  console.log(comparison(tables));
  console.log(`\n  ${manifest.entries.length} files of ${manifest.startedAt} restored into ${options.state}; all checksums agree`);
  const production = ring.fromEnvironment ? "--production --public-url <origin> " : "";
  console.log(`  start it with: npm start -- ${production}--state ${options.state}`);
}

async function bringBack(options: { readonly from: string; readonly url: string; readonly state: string }): Promise<void> {
  const { slug, tenantId, compared, invite } = await restoreTenant(
    await ApiSession.open(options.url, options.state, process.env),
    options.from,
  );
  console.log(objectComparison(compared));
  console.log(`\n  tenant ${slug} (${tenantId}) restored at ${options.url}`);
  for (const { email, role } of invite) console.log(`  has no account there and is to be invited again: ${email} (${role})`);
}

main().catch((error: unknown) => {
  if (error instanceof BackupError || error instanceof BackupDamaged) console.error(`meridian: ${error.message}`);
  else console.error(error);
  process.exit(1);
});
