import { randomBytes } from "node:crypto";
import dns from "node:dns";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { newRing, ringText } from "../../scripts/keys/ring-edit.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";
import { freePort, startTestServer, type TestServer } from "./server.ts";

/** All names below it lead to this machine, in tests that ask {@link trustTestNames}. */
export const TEST_HOST = "ops.meridian.test";

/** Makes this process find `*.meridian.test` on loopback, and believe the certificate, as if DNS and a CA had said so. */
export function trustTestNames(): Certificate {
  const certificate = makeCertificate("*.meridian.test");
  tls.setDefaultCACertificates([certificate.cert]);
  const lookup = dns.lookup.bind(dns);
  const local = (host: string, ...rest: unknown[]): unknown => {
    if (!host.endsWith(".meridian.test")) return Reflect.apply(lookup, dns, [host, ...rest]);
    const answer = rest.at(-1) as (error: null, address: unknown, family?: number) => void; // node's own signature
    const all = typeof rest[0] === "object" && rest[0] !== null && "all" in rest[0] && rest[0].all === true;
    return process.nextTick(() => (all ? answer(null, [{ address: "127.0.0.1", family: 4 }]) : answer(null, "127.0.0.1", 4)));
  };
  dns.lookup = local as typeof dns.lookup; // the same signature, see above
  return certificate;
}

export interface ProductionNode {
  readonly server: TestServer;
  /** Under which the proxy is reached. */
  readonly publicUrl: string;
  readonly publicPort: number;
  readonly ringFile: string;
  readonly setupToken: string;
  /** Everything in the log files that are not compressed. */
  log(): string;
  /** Starts it again on the same state, after `server.stop`. */
  again(): Promise<TestServer>;
  remove(): void;
}

/** Starts a node as `npm start -- --production` does, with a key ring of its own and a public URL on a free port. */
export async function startProductionNode(host: string = TEST_HOST): Promise<ProductionNode> {
  const folder = mkdtempSync(join(tmpdir(), "meridian-production-"));
  const ringFile = join(folder, "key-ring.json");
  const state = join(folder, "state");
  writeFileSync(ringFile, ringText(newRing(() => randomBytes(32).toString("base64url"))), { mode: 0o600 });
  const publicPort = await freePort();
  const publicUrl = `https://${host}:${publicPort}`;
  const start = async (port?: number): Promise<TestServer> =>
    await startTestServer({
      state,
      ...(port === undefined ? {} : { port }),
      agent: true,
      loud: true,
      args: ["--production", "--public-url", publicUrl, "--trusted-proxy-header", "X-Real-IP"],
      env: { MERIDIAN_KEY_RING_FILE: ringFile, MERIDIAN_DEPLOYMENT_ADMINS: "owner@example.com", MERIDIAN_DEPLOYMENT_NAME: "Proof" },
    });
  const server = await start();
  return {
    server,
    publicUrl,
    publicPort,
    ringFile,
    setupToken: readFileSync(join(state, "setup-token.txt"), "utf8").trim(),
    log: () => readFileSync(join(state, "logs/meridian.log"), "utf8"),
    again: async () => await start(server.port),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
