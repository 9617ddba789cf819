import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "./replace-file.ts";

/** Fewer could be guessed; ours have 32 characters. */
export const MIN_SETUP_TOKEN = 16;

/**
 * What the first operator of a node on the internet proves that they run it with. The environment's, else one that stands in the
 * state folder, readable by its owner only, until there is an operator. Not a word of it goes to any log.
 */
export function setupTokenOf(
  stateFolder: string,
  given: string | undefined,
): { readonly token: string; readonly file: string | undefined } {
  if (given) return { token: given, file: undefined };
  const file = fileOf(stateFolder);
  const known = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (known.length >= MIN_SETUP_TOKEN) return { token: known, file };
  const token = randomBytes(24).toString("base64url");
  replaceFile(file, `${token}\n`);
  return { token, file };
}

/** There is an operator: the token opens nothing any more. */
export function removeSetupToken(stateFolder: string): void {
  rmSync(fileOf(stateFolder), { force: true });
}

function fileOf(stateFolder: string): string {
  return join(stateFolder, "setup-token.txt");
}
