import { isIP } from "node:net";
import { resolve } from "node:path";
import { KeyRing } from "../../contract/key-ring.ts";
import type { StartOptions } from "./options.ts";
import { digestsOf } from "./ring-status.ts";
import { MIN_SETUP_TOKEN } from "./setup-token.ts";

/** A file or folder as far as the checks look at it; undefined when it is not there. */
export interface Seen {
  readonly text: string;
  /** Permission bits, or null where the system has none. */
  readonly mode: number | null;
}

/** What a production start looks at besides its options. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Seen | undefined;
  /** The state folder's permission bits; undefined when it is not there yet. */
  readonly stateMode: number | null | undefined;
  /** Files of the demo that stand in the state folder, by name. */
  readonly demoFiles: readonly string[];
  readonly hasDemoOperator: boolean;
  /** Digests of the keys with which something in this state was made, by ring id; see ring-status.ts. */
  readonly ringDigests: Readonly<Record<string, string>>;
}

/** What a production node runs with. */
export interface ProductionSettings {
  /** An origin, without a trailing slash. */
  readonly publicUrl: string;
  readonly trustedProxyHeader: string | undefined;
  readonly keyRing: string;
  /** Where the ring can be changed while the node runs; undefined when it came as a variable. */
  readonly keyRingFile: string | undefined;
  readonly deploymentName: string | undefined;
  readonly deploymentAdmins: string;
  readonly agentKey: string | undefined;
  /** What the first operator signs up with, when it was given. */
  readonly setupToken: string | undefined;
  /** What is allowed, and worth knowing. */
  readonly remarks: readonly string[];
}

/** RFC 9110 section 5.1: a field name is a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
/** Headers that mean something else, or that no proxy hands on (RFC 9110 section 7.6.1). */
const NO_ADDRESS_HEADER = new Set(
  (
    "connection keep-alive proxy-connection proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade host cookie set-cookie " +
    "authorization x-api-key origin referer content-type content-length content-encoding accept user-agent forwarded"
  ).split(" "),
);

/**
 * Whether this start may face the internet. Everything that is missing or wrong is named at once, each with what to do, and never
 * with a secret in it.
 */
export function judgeProduction(
  options: StartOptions,
  seen: Surroundings,
): { readonly ok: true; readonly settings: ProductionSettings } | { readonly ok: false; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const ring = ringOf(seen, problems);
  const publicUrl = publicUrlOf(options.publicUrl, problems);
  checkHeader(options.trustedProxyHeader, problems);
  if (!isLoopbackAddress(options.host))
    problems.push(`--host ${options.host}: a production node listens on loopback only, behind its TLS proxy.`);
  if (options.demo === true) problems.push("--demo: a node on the internet has no demo tenant; leave it out.");
  if (options.clockOffsetMs !== 0) problems.push("--clock-offset: is for tests; leave it out.");
  if (!options.fresh) checkState(options.state, seen, ring?.text, problems);
  const agentKey = seen.env["MERIDIAN_AGENT_KEY"];
  if (options.agent === true && !agentKey)
    problems.push("MERIDIAN_AGENT_KEY: --agent needs an API key with metrics:write and agents:connect; make one in the console.");
  const setupToken = seen.env["MERIDIAN_SETUP_TOKEN"];
  if (setupToken && setupToken.length < MIN_SETUP_TOKEN)
    problems.push(`MERIDIAN_SETUP_TOKEN: takes at least ${MIN_SETUP_TOKEN} characters; or leave it out, and the node makes one.`);
  if (problems.length > 0 || ring === undefined || publicUrl === undefined) return { ok: false, problems };
  const remarks: string[] = [];
  if (options.trustedProxyHeader === undefined)
    remarks.push("no --trusted-proxy-header: nobody's address is known, so all clients share one bucket of the limits by address");
  if (ring.file === undefined)
    remarks.push("the key ring is a variable: after `npm run keys`, it takes a restart (MERIDIAN_KEY_RING_FILE does not)");
  const deploymentAdmins = seen.env["MERIDIAN_DEPLOYMENT_ADMINS"] ?? "";
  if (deploymentAdmins.trim() === "")
    remarks.push("no MERIDIAN_DEPLOYMENT_ADMINS: nobody sees the key ring and the backups in the console");
  return {
    ok: true,
    settings: {
      publicUrl,
      trustedProxyHeader: options.trustedProxyHeader,
      keyRing: ring.text,
      keyRingFile: ring.file,
      deploymentName: seen.env["MERIDIAN_DEPLOYMENT_NAME"],
      deploymentAdmins,
      agentKey: options.agent === true ? agentKey : undefined,
      setupToken,
      remarks,
    },
  };
}

const MAKE_RING = "make one with `npm run keys -- new --file <file>` and name it in MERIDIAN_KEY_RING_FILE";

function ringOf(seen: Surroundings, problems: string[]): { readonly text: string; readonly file: string | undefined } | undefined {
  const text = seen.env["MERIDIAN_KEY_RING"];
  const file = seen.env["MERIDIAN_KEY_RING_FILE"];
  if (text && file) {
    problems.push("MERIDIAN_KEY_RING and MERIDIAN_KEY_RING_FILE: set one of them, so that there is one truth.");
    return undefined;
  }
  if (file) {
    const found = seen.readFile(file);
    if (!found) {
      problems.push(`MERIDIAN_KEY_RING_FILE: ${file} cannot be read; ${MAKE_RING}.`);
      return undefined;
    }
    if (isOpen(found.mode)) problems.push(`MERIDIAN_KEY_RING_FILE: ${file} may be read by others; chmod 600 ${file}`);
    return checkRing("MERIDIAN_KEY_RING_FILE", found.text, problems) ? { text: found.text, file: resolve(file) } : undefined;
  }
  if (text) return checkRing("MERIDIAN_KEY_RING", text, problems) ? { text, file: undefined } : undefined;
  problems.push(`MERIDIAN_KEY_RING_FILE or MERIDIAN_KEY_RING: the deployment's keys are missing; ${MAKE_RING}.`);
  return undefined;
}

function checkRing(name: string, text: string, problems: string[]): boolean {
  try {
    new KeyRing(text);
    return true;
  } catch (error) {
    // Messages of the ring name ids at most, never a key.
    problems.push(`${name}: ${error instanceof Error ? error.message : "is no key ring"}; ${MAKE_RING}.`);
    return false;
  }
}

function publicUrlOf(text: string | undefined, problems: string[]): string | undefined {
  if (text === undefined) {
    problems.push("--public-url: say under which https origin browsers see this node, such as https://ops.example.com");
    return undefined;
  }
  const url = URL.parse(text);
  const bare = url && url.username === "" && url.password === "" && url.pathname === "/" && !/[?#]/.test(text);
  if (!url || !bare || url.protocol !== "https:") {
    problems.push("--public-url: takes an https origin and nothing else (no path, no name and password), such as https://ops.example.com");
    return undefined;
  }
  return url.origin;
}

function checkHeader(name: string | undefined, problems: string[]): void {
  if (name === undefined) return;
  if (!TOKEN.test(name)) problems.push("--trusted-proxy-header: takes the name of a header, such as X-Real-IP");
  else if (NO_ADDRESS_HEADER.has(name.toLowerCase()) || name.toLowerCase().startsWith("sec-"))
    problems.push(`--trusted-proxy-header: ${name} cannot carry an address; take one that only your proxy sets, such as X-Real-IP`);
}

function checkState(folder: string, seen: Surroundings, ring: string | undefined, problems: string[]): void {
  if (isOpen(seen.stateMode ?? null)) problems.push(`--state: ${folder} may be read by others; chmod 700 ${folder}`);
  const demo = [...seen.demoFiles, ...(seen.hasDemoOperator ? ["the demo's operator"] : [])];
  if (demo.length > 0)
    problems.push(
      `--state: ${folder} holds demo data (${demo.join(", ")}), whose password is no secret; name another folder, or begin anew with --fresh.`,
    );
  if (ring === undefined) return;
  const has = digestsOf(ring);
  const missing = Object.keys(seen.ringDigests).filter((id) => has[id] !== seen.ringDigests[id]);
  if (missing.length > 0)
    problems.push(
      `the key ring lacks ${missing.join(", ")}, with which this state was made; add ${missing.length === 1 ? "it" : "them"} again.`,
    );
}

function isOpen(mode: number | null): boolean {
  return mode !== null && (mode & 0o077) !== 0;
}

function isLoopbackAddress(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
