import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DEMO_EMAIL } from "./demo.ts";

/** Files of the demo that stand in a state folder. */
export function demoFilesIn(stateFolder: string): string[] {
  return ["demo.json", "demo.begun.json"].filter((name) => existsSync(join(stateFolder, name)));
}

/**
 * Whether a state's database knows one of these people: any at all without an address. Reads the files of the local D1 as they are,
 * so nothing may run on the state. A state that was never started has nobody.
 */
export function hasOperator(stateFolder: string, email?: string): boolean {
  const folder = join(stateFolder, "v3/d1/miniflare-D1DatabaseObject");
  if (!existsSync(folder)) return false;
  const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  return files.some((name) => holds(join(folder, name), email));
}

export const hasDemoOperator = (stateFolder: string): boolean => hasOperator(stateFolder, DEMO_EMAIL);

function holds(file: string, email: string | undefined): boolean {
  const database = new DatabaseSync(file);
  try {
    const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identity_user'").get();
    if (!table) return false; // another of our databases
    const where = email === undefined ? "" : " WHERE email = ?";
    return database.prepare(`SELECT 1 FROM identity_user${where} LIMIT 1`).get(...(email === undefined ? [] : [email])) !== undefined;
  } finally {
    database.close();
  }
}
