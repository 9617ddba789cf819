import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  addKey,
  type MakeKey,
  newRing,
  readRing,
  refuseRetire,
  type Ring,
  RingError,
  ringText,
  rotateRing,
  withoutKey,
} from "./keys/ring-edit.ts";
import { withRingLock } from "./keys/ring-lock.ts";
import { ROOT } from "./lib/project.ts";
import { replaceFile } from "./serve/replace-file.ts";
import { keepOnly, readRingStatus, type RingStatus } from "./serve/ring-status.ts";
import { runningServerOf } from "./serve/state-lock.ts";

const USAGE = `npm run keys -- <command> [options]
  new                      a key ring with one key, to standard output or into --file
  list                     ids of the keys, and what is known of them
  add                      a key more, not yet current
  rotate                   makes the added key current, or a new one
  retire <id> [--now]      lets a key go that nothing is made with any more; --now does not wait for sessions to end

  --state <folder>         the node's state folder, which knows where its ring is (.meridian/state)
  --file <file>            the ring's file
  --env staging|production the ring of a deployment on Cloudflare; with --file; prints what to run`;

const ENVIRONMENTS = ["staging", "production"];
/** A running node looks at its file every second. */
const LOADED_WITHIN_MS = 15_000;
const makeKey: MakeKey = () => randomBytes(32).toString("base64url");

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: "string" },
      file: { type: "string" },
      env: { type: "string" },
      now: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [command, id, ...rest] = positionals;
  if (rest.length > 0 || (id !== undefined && command !== "retire")) throw new RingError(`What is "${rest[0] ?? id}"? See --help.`);
  if (values.env !== undefined && !ENVIRONMENTS.includes(values.env)) throw new RingError(`--env is one of ${ENVIRONMENTS.join(", ")}.`);
  if (values.env !== undefined && values.file === undefined)
    throw new RingError("--env needs --file: secrets cannot be read back from Cloudflare.");
  return { ...values, command, id };
}
type Arguments = ReturnType<typeof readArguments>;

interface Place {
  readonly file: string;
  /** The node's folder; undefined when only a file was named. */
  readonly state: string | undefined;
  readonly status: RingStatus | undefined;
}

function placeOf(args: Arguments): Place {
  const state = args.state === undefined && args.file !== undefined ? undefined : resolve(args.state ?? join(ROOT, ".meridian/state"));
  const status = state === undefined ? undefined : readRingStatus(state);
  if (args.file !== undefined) return { file: resolve(args.file), state, status };
  const own = join(state ?? "", "key-ring.json");
  if (status?.file === null)
    throw new RingError("The node has its ring from MERIDIAN_KEY_RING: edit a file with --file, then start the node with it.");
  const file = status?.file ?? own;
  if (!existsSync(file)) throw new RingError(`There is no key ring at ${file}: name the node's --state folder, or a --file.`);
  return { file, state, status };
}

/** Reads, changes and writes the ring, all under its lock. @returns the ring as written */
function edit(place: Place, change: (ring: Ring) => Ring): Ring {
  return withRingLock(place.file, () => {
    const ring = change(readRing(readFileSync(place.file, "utf8")));
    replaceFile(place.file, ringText(ring));
    return ring;
  });
}

async function run(args: Arguments): Promise<void> {
  if (args.command === "new") return makeNew(args.file);
  const place = placeOf(args);
  switch (args.command) {
    case "list":
      return list(place);
    case "add": {
      let id = "";
      const ring = edit(place, (known) => {
        const grown = addKey(known, makeKey);
        id = grown.id;
        return grown.ring;
      });
      console.log(`${id} was added to ${place.file}; nothing is made with it before rotate.`);
      return await afterEdit(args, place, ring);
    }
    case "rotate": {
      const ring = edit(place, (known) => {
        if (args.env !== undefined && known.added.length === 0)
          throw new RingError("Add a key first and hand it to both scripts: one of them would not know what the other makes with it.");
        return rotateRing(known, makeKey).ring;
      });
      console.log(`${ring.current} is the current key of ${place.file}.`);
      await afterEdit(args, place, ring);
      console.log("What older keys sealed is made anew while the platform runs; then the older ones can be retired.");
      return;
    }
    case "retire": {
      const { id } = args;
      if (id === undefined) throw new RingError("Name the key to retire: npm run keys -- retire <id>.");
      const ring = edit(place, (known) => {
        const walked = args.env !== undefined && args.now;
        const why = refuseRetire(known, id, walked ? walkedOnCloudflare(known) : place.status, Date.now(), args.now);
        if (why !== undefined && args.env !== undefined && id !== known.current && id in known.keys)
          throw new RingError(`Look in the console, under Platform, until ${id} is in use nowhere; then say --now.`);
        if (why !== undefined) throw new RingError(why);
        return withoutKey(known, id);
      });
      console.log(`${id} left ${place.file}. Backups that were sealed with it need it still: keep it with them.`);
      return await afterEdit(args, place, ring);
    }
    default:
      throw new RingError(`${args.command === undefined ? "Which command?" : `There is no command "${args.command}".`}\n\n${USAGE}`);
  }
}

function makeNew(file: string | undefined): void {
  const text = ringText(newRing(makeKey));
  if (file === undefined) return void process.stdout.write(text);
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST")
      throw new RingError(`${file} exists; a key ring is never overwritten.`);
    throw error;
  }
  console.log(`${file} holds a new key ring. Keep a copy in a safe place: without it, what is sealed stays sealed.`);
}

function list({ file, status }: Place): void {
  const ring = readRing(readFileSync(file, "utf8"));
  console.log(file);
  for (const id of Object.keys(ring.keys)) {
    const what = id === ring.current ? "current" : ring.added.includes(id) ? "added, not yet current" : "older";
    const known = status && !(id in status.digests) ? "; the node has not loaded it" : "";
    console.log(`  ${id}  ${what}${known}`);
  }
  if (!status?.walk) return;
  const { ringId, finishedAt } = status.walk;
  console.log(
    finishedAt === null ? `  the walk to ${ringId} is under way` : `  the walk to ${ringId} ended at ${new Date(finishedAt).toISOString()}`,
  );
}

/** The operator has looked: only they can, since nothing here reaches Cloudflare. */
function walkedOnCloudflare(ring: Ring): RingStatus {
  return { v: 1, file: null, current: ring.current, digests: {}, walk: { ringId: ring.current, startedAt: 0, finishedAt: 0 } };
}

async function afterEdit(args: Arguments, { file, state }: Place, ring: Ring): Promise<void> {
  if (args.env !== undefined) {
    console.log("Hand it to both scripts, the objects first:");
    for (const script of ["objects", "edge"])
      console.log(`  npx wrangler secret put KEY_RING --config deploy/${script}/wrangler.toml --env ${args.env} < ${file}`);
    return;
  }
  if (state === undefined) return;
  const status = readRingStatus(state);
  const ids = Object.keys(ring.keys);
  if (status && status.file !== file) {
    // Edited beside the node, which gets it as a variable at its next start.
    if (status.file === null) keepOnly(state, ids);
    if (runningServerOf(state)) console.log("The running node works with another one until it is started anew with this.");
    return;
  }
  for (const deadline = Date.now() + LOADED_WITHIN_MS; Date.now() < deadline; await new Promise((later) => setTimeout(later, 100))) {
    if (!runningServerOf(state)) return keepOnly(state, ids);
    const loaded = readRingStatus(state);
    if (loaded?.current === ring.current && Object.keys(loaded.digests).sort().join() === ids.sort().join())
      return console.log("The running node has loaded it.");
  }
  throw new RingError("The running node has not loaded it; its log says why.");
}

try {
  const args = readArguments();
  if (args.help) console.log(USAGE);
  else await run(args);
} catch (error) {
  if (!(error instanceof RingError) && !(error instanceof Error && "code" in error)) throw error;
  console.error(`meridian: ${error.message}`);
  process.exitCode = error instanceof RingError ? 1 : 2;
}
