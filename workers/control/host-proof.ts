import * as z from "zod";
import type { HostState } from "../../contract/settings.ts";
import { boundedText } from "../http/bounded-text.ts";

export const HOST_PROOF_LIMITS = {
  /** The file holds one value of 32 characters. */
  fileBytes: 1_024,
  /** A name's TXT records: other services put theirs there too. */
  dnsBytes: 64 * 1_024,
  timeoutMs: 5_000,
} as const;

/** A resolver that answers DNS over HTTPS in JSON, for everybody and without a key. */
const RESOLVER = "https://cloudflare-dns.com/dns-query";
const TXT = 16;

export type Fetch = (request: Request) => Promise<Response>;

/** What was found in one of the two places; never what stands there, which may be nobody's business. */
export type Finding = "proved" | "nothing there" | "another value there" | "not reachable";

/** Looks for the tenant's challenge in the host's TXT record and in its file, at the same time. */
export async function lookForProof(fetch: Fetch, host: HostState): Promise<{ readonly dns: Finding; readonly file: Finding }> {
  const [dns, file] = await Promise.all([caught(inDns(fetch, host)), caught(inFile(fetch, host))]);
  return { dns, file };
}

/** A host that cannot be reached, or answers with nonsense, proves nothing; which of both does not matter. */
async function caught(finding: Promise<Finding>): Promise<Finding> {
  try {
    return await finding;
  } catch {
    return "not reachable";
  }
}

const answerSchema = z.object({
  Status: z.number(),
  Answer: z.array(z.object({ type: z.number(), data: z.string() })).optional(),
});

async function inDns(fetch: Fetch, { dnsName, dnsValue }: HostState): Promise<Finding> {
  const url = new URL(RESOLVER);
  url.search = String(new URLSearchParams({ name: dnsName, type: "TXT" }));
  const text = await get(fetch, url.href, HOST_PROOF_LIMITS.dnsBytes, { accept: "application/dns-json" });
  if (text === undefined) return "not reachable";
  const records = (answerSchema.parse(JSON.parse(text)).Answer ?? []).filter(({ type }) => type === TXT);
  if (records.length === 0) return "nothing there";
  return records.some(({ data }) => textOf(data) === dnsValue) ? "proved" : "another value there";
}

/** A TXT record as zone files write it: one or more quoted strings, which belong together without a space (RFC 1035, RFC 7208). */
function textOf(data: string): string {
  const parts = [...data.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, part = ""]) => part);
  return parts.length === 0 ? data : parts.join("");
}

async function inFile(fetch: Fetch, { host, wellKnownPath, dnsValue }: HostState): Promise<Finding> {
  const text = await get(fetch, `https://${host}${wellKnownPath}`, HOST_PROOF_LIMITS.fileBytes);
  if (text === undefined) return "nothing there";
  return text.trim() === dnsValue ? "proved" : "another value there";
}

/** The body of a plain 200; undefined for any other status, redirects included, and for one that is too large. */
async function get(fetch: Fetch, url: string, maxBytes: number, headers: HeadersInit = {}): Promise<string | undefined> {
  const signal = AbortSignal.timeout(HOST_PROOF_LIMITS.timeoutMs);
  const answer = await fetch(new Request(url, { headers, redirect: "manual", signal }));
  if (answer.status !== 200) {
    await answer.body?.cancel();
    return undefined;
  }
  return await boundedText(answer, maxBytes);
}
