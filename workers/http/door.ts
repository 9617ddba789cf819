import { isWorkerFirst } from "../../contract/paths.ts";
import type { EdgeEnv } from "../env.ts";
import { assetAnswer } from "./assets.ts";
import { proxiedAddress, refuseLostHost, tellMismatch } from "./node-proxy.ts";
import { siteOf } from "./site.ts";

/** Headers that only a proxy in front may set: who asks, from where, over what. On a bare socket the client itself wrote them. */
const FORGEABLE = /^(?:cf-|mf-|x-forwarded-|forwarded$|x-real-ip$|true-client-ip$)/;

/** Files smaller than this are as quick as they are. */
const MIN_COMPRESSED_BYTES = 1_024;
const COMPRESSIBLE = /^(?:text\/|image\/svg|application\/(?:json|javascript|manifest))/;

/** What is behind the door. */
interface Behind {
  fetch(request: Request, env: EdgeEnv, ctx: ExecutionContext): Response | Promise<Response>;
}

/**
 * Serves a request the way the assets router would: paths of the Worker go to it, others are files first, and what is no
 * file is the Worker's again. What a client claims about its address is dropped; what the one trusted header of the proxy in front
 * says takes its place. Files are the platform's own: a tenant's host has none.
 */
export async function serveWithAssets(app: Behind, request: Request, env: EdgeEnv, ctx: ExecutionContext): Promise<Response> {
  const site = siteOf(request.url, env);
  const refusal = refuseLostHost(request, site.url, env);
  if (refusal) return refusal;
  const honest = withoutClaims(request, proxiedAddress(request.headers, env));
  if (!site.own) {
    const answer = await app.fetch(honest, env, ctx);
    await tellMismatch(answer, site.url, env);
    return answer;
  }
  const pathname = normalPath(request.url);
  if (!isWorkerFirst(pathname) && (honest.method === "GET" || honest.method === "HEAD")) {
    const file = await assetAnswer(env, honest, pathname);
    if (file) return compressed(file, honest);
  }
  return await app.fetch(honest, env, ctx);
}

/** A path that a URL parser leaves as it is: no escape, no sign that it would escape, no segment that begins with a dot. */
const PLAIN_PATH = /^https?:\/\/[^/?#\\]+((?:\/(?!\.)[\w.~:@!$&()*+,;=-]*)+)(?:\?|$)/;

/** The path of a request's URL as its parser has it. */
export function normalPath(url: string): string {
  return PLAIN_PATH.exec(url)?.[1] ?? new URL(url).pathname;
}

/** The request without headers that a client could forge on a bare socket, and with the address that is known; the same object when nothing changes. */
export function withoutClaims(request: Request, address?: string): Request {
  let claims = address !== undefined;
  for (const name of request.headers.keys()) claims ||= FORGEABLE.test(name);
  if (!claims) return request;
  const headers = new Headers(request.headers);
  for (const name of request.headers.keys()) if (FORGEABLE.test(name)) headers.delete(name);
  // Where the platform itself states it on Cloudflare.
  if (address !== undefined) headers.set("cf-connecting-ip", address);
  return new Request(request, { headers });
}

/** Cloudflare compresses files on the way out; here the runtime does, told by the header. */
function compressed(answer: Response, request: Request): Response {
  const { headers } = answer;
  const wanted = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  const length = headers.get("content-length");
  const small = length !== null && Number(length) < MIN_COMPRESSED_BYTES;
  if (!COMPRESSIBLE.test(headers.get("content-type") ?? "")) return answer;
  headers.append("vary", "accept-encoding");
  if (!wanted || small || answer.status !== 200 || headers.has("content-encoding") || request.method === "HEAD") return answer;
  headers.set("content-encoding", "gzip");
  headers.delete("content-length");
  const etag = headers.get("etag");
  if (etag && !etag.startsWith("W/")) headers.set("etag", `W/${etag}`);
  return answer;
}
