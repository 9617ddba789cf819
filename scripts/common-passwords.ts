import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { SUBJECT_LIMITS } from "../contract/subject-id.ts";

/**
 * Makes `workers/control/common-passwords.ts` from a list of passwords as a JSON array, commonest first. The one in use is
 * `passwords.json` of the npm package @zxcvbn-ts/language-common 4.1.3 (MIT):
 *
 *     node scripts/common-passwords.ts <passwords.json>
 */
const COMMONEST = 10_000;
const LINE_CHARS = 128;

const [path] = process.argv.slice(2);
if (path === undefined) {
  console.error("node scripts/common-passwords.ts <passwords.json>");
  process.exit(2);
}
const list = JSON.parse(readFileSync(path, "utf8")) as string[]; // the package's own file: an array of texts
// Shorter ones are refused for their length already.
const long = list.slice(0, COMMONEST).filter((password) => password.length >= SUBJECT_LIMITS.passwordMinChars);
const hashes = long.map((password) => createHash("sha256").update(password.toLowerCase()).digest().readUInt32BE(0)).sort((a, b) => a - b);
const bytes = Buffer.alloc(hashes.length * 4);
hashes.forEach((hash, i) => bytes.writeUInt32BE(hash, i * 4));
const text = bytes.toString("base64").replaceAll(new RegExp(`.{1,${LINE_CHARS}}`, "g"), "$&\n");

writeFileSync(
  new URL("../workers/control/common-passwords.ts", import.meta.url),
  `/**
 * The ${COMMONEST.toLocaleString("en")} commonest passwords, as far as they are long enough to be taken at all: the first 32 bits of the SHA-256 of each, in
 * lower case, sorted, big-endian, base64. One in a million other passwords is refused with them. Made by
 * scripts/common-passwords.ts from the list of @zxcvbn-ts/language-common 4.1.3.
 */
export const COMMON_PASSWORDS = \`
${text}\`;
`,
);
