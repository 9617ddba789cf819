import type { EdgeEnv } from "../env.ts";
import { isLoopback } from "./browser.ts";
import { problemResponse } from "./problem.ts";

type ProxyEnv = Pick<EdgeEnv, "PUBLIC_URL" | "TRUSTED_PROXY_HEADER">;

/** The one list among the headers that carry addresses: each proxy adds at its end whom it heard from, and only the last is ours. */
const LIST_HEADER = "x-forwarded-for";
const ADDRESS = /^[0-9A-Fa-f:.]{2,45}$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The client's address as the one header of the trusted proxy says it; undefined without such a header, and for what is no address. */
export function proxiedAddress(headers: Headers, env: ProxyEnv): string | undefined {
  const name = env.TRUSTED_PROXY_HEADER?.toLowerCase() ?? "";
  if (name === "") return undefined;
  const value = headers.get(name) ?? "";
  // A second value of another header would be one that the client sent along: then nobody knows which is the proxy's.
  const text = (name === LIST_HEADER ? value.slice(value.lastIndexOf(",") + 1) : value).trim();
  return isAddress(text) ? text : undefined;
}

/** The URL parser knows every notation of IPv6 (RFC 4291 section 2.2) and nothing else between brackets. */
function isAddress(text: string): boolean {
  if (!ADDRESS.test(text)) return false;
  return text.includes(":") ? URL.canParse(`http://[${text}]/`) : IPV4.test(text);
}

/** Whether a request is for the platform itself: its public host, or this machine. Any other host is at most a tenant's. */
export function isOwnHost(url: URL, env: ProxyEnv): boolean {
  return url.host === new URL(env.PUBLIC_URL).host || isLoopback(url.hostname);
}

/**
 * A proxy that does not hand on the Host header makes everyone look like this machine, whose plain http is allowed. Its requests are
 * known by the header that only it sets. @returns the refusal
 */
export function refuseLostHost(request: Request, url: URL, env: ProxyEnv): Response | undefined {
  const { TRUSTED_PROXY_HEADER: name = "" } = env;
  if (name === "" || url.host === new URL(env.PUBLIC_URL).host || !isLoopback(url.hostname) || !request.headers.has(name)) return undefined;
  tellOnce(`lost ${url.host}`, {
    event: "proxy-without-host",
    host: url.host,
    message: `The TLS proxy sends its own address as Host. Make it hand on the browser's: proxy_set_header Host $host.`,
  });
  return problemResponse(
    { slug: "https-required", detail: "The proxy in front of this node does not hand on the Host header. Ask its operator." },
    crypto.randomUUID(),
  );
}

/** Says in the log that a host was refused that is not the public one: a domain that moved, or a wrong `--public-url`. */
export async function tellMismatch(answer: Response, url: URL, env: ProxyEnv): Promise<void> {
  if (answer.status !== 403 || isOwnHost(url, env)) return;
  const problem: unknown = await answer
    .clone()
    .json()
    .catch(() => null); // no problem of ours
  if (typeof problem !== "object" || problem === null || !("type" in problem) || problem.type !== "/problems/https-required") return;
  tellOnce(url.host, {
    event: "host-mismatch",
    host: url.host.slice(0, 253),
    publicUrl: env.PUBLIC_URL,
    message: `A request for ${url.host.slice(0, 253)} was refused: this node is ${env.PUBLIC_URL}. If that is not its address, start it with another --public-url.`,
  });
}

/** Anybody can invent hosts: the log hears of a few. */
const TOLD_AT_MOST = 20;
const told = new Set<string>();

function tellOnce(what: string, line: Readonly<Record<string, string>>): void {
  if (told.has(what) || told.size >= TOLD_AT_MOST) return;
  told.add(what);
  console.error(JSON.stringify({ at: new Date().toISOString(), level: "error", ...line }));
}
