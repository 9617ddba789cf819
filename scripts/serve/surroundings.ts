import { existsSync, readFileSync, statSync } from "node:fs";
import { demoFilesIn, hasDemoOperator } from "./demo-traces.ts";
import type { StartOptions } from "./options.ts";
import type { Seen, Surroundings } from "./production.ts";
import { digestsOf, readRingStatus } from "./ring-status.ts";

/** What a production start finds on this machine. Nothing may run on the state: its database is read. */
export function lookAround(options: StartOptions): Surroundings {
  return {
    env: process.env,
    readFile,
    stateMode: modeOf(options.state),
    demoFiles: demoFilesIn(options.state),
    hasDemoOperator: hasDemoOperator(options.state),
    // The status follows the ring; a file that was left behind by a start without --production would ask for retired keys for ever.
    ringDigests: readRingStatus(options.state)?.digests ?? ownRingDigests(options.state),
  };
}

function readFile(path: string): Seen | undefined {
  try {
    return { text: readFileSync(path, "utf8"), mode: modeOf(path) ?? null };
  } catch {
    return undefined; // not there, or not ours to read: told in the same sentence
  }
}

/** Permission bits; null on systems that have none, undefined when there is no such file. */
function modeOf(path: string): number | null | undefined {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode === undefined ? undefined : process.platform === "win32" ? null : mode & 0o777;
}

/** A start without `--production` keeps a ring in the state folder, and things were made with it. */
function ownRingDigests(stateFolder: string): Readonly<Record<string, string>> {
  const file = `${stateFolder}/key-ring.json`;
  if (!existsSync(file)) return {};
  try {
    return digestsOf(readFileSync(file, "utf8"));
  } catch {
    return {}; // no ring, so nothing was made with it
  }
}
