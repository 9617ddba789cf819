import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BackupDamaged } from "../contract/backup-seal.ts";
import { BackupError } from "./backup/backup-error.ts";
import { readRing } from "./backup/keys.ts";
import { restoreNode } from "./backup/node-restore.ts";
import { comparison } from "./backup/report.ts";

const USAGE = `npm run restore -- --from <folder> --state <empty folder> [options]
  --from <folder>          a backup's own folder
  --state <folder>         the state folder to be; absent or empty
  --key-ring <file>        the deployment's key ring, when no variable (MERIDIAN_KEY_RING, …_FILE) names it`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        from: { type: "string" },
        state: { type: "string" },
        "key-ring": { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return undefined;
    const { from, state } = values;
    if (from === undefined || state === undefined) throw new Error("--from and --state are needed");
    return { ...values, from: resolve(from), state: resolve(state) };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (!options) return console.log(USAGE);
  const ring = readRing({ file: options["key-ring"] }, process.env);
  const { tables, manifest } = await restoreNode({ ...options, ring, env: process.env });
  console.log(comparison(tables));
  console.log(`\n  ${manifest.entries.length} files of ${manifest.startedAt} restored into ${options.state}; all checksums agree`);
  console.log(`  start it with: npm start -- --state ${join(options.state)}`);
}

main().catch((error: unknown) => {
  if (error instanceof BackupError || error instanceof BackupDamaged) console.error(`meridian: ${error.message}`);
  else console.error(error);
  process.exit(1);
});
