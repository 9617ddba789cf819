import type { z } from "zod";
import type { Issuer, issuerPutSchema } from "../../contract/issuers.ts";
import type { Page } from "../../contract/pages.ts";
import type { Backup, KeyRingStatus } from "../../contract/platform.ts";
import type { PublicThing, SettingsView, TenantSettings } from "../../contract/settings.ts";
import type {
  Explained,
  explainSchema,
  Revoked,
  revocationSchema,
  Subject,
  SubjectSummary,
  tokenMintSchema,
  TokenReply,
} from "../../contract/subjects.ts";
import { listing, type PageQuery } from "../pages.ts";
import type { Call, CallOptions, Method, RequestParts } from "../transport.ts";

export type MintInput = z.input<typeof tokenMintSchema>;
export type RevocationInput = z.input<typeof revocationSchema>;
export type IssuerInput = z.input<typeof issuerPutSchema>;
export type ExplainInput = z.input<typeof explainSchema>;

/** Which check of a token failed, in order; the last one is the first that did. */
export type TokenTest = Pick<Explained, "checks"> & { readonly subject: { issuer: string; sub: string; name: string } | null };

/** Tokens of end users, made and ended by a key with `tokens:mint` and `tokens:revoke`. */
export function tokensApi(call: Call) {
  return {
    /** The answer's secrets are shown once: a repeat after a lost answer is `secret-already-shown`; mint again. */
    mint: (input: MintInput, options?: CallOptions) => call<TokenReply>("POST", "/v1/tokens", { body: input, options }),
    /** A new token and handle for a handle. Sent once: a handle that is used twice ends its family. */
    refresh: (refreshHandle: string, options?: CallOptions) =>
      call<TokenReply>("POST", "/v1/tokens/refresh", { body: { refreshHandle }, repeat: "never", options }),
    revoke: (what: RevocationInput, options?: CallOptions) => call<Revoked>("POST", "/v1/tokens/revocations", { body: what, options }),
  };
}

/** Issuers of the tenant's own, whose tokens are accepted at its door. */
export function issuersApi(call: Call) {
  return {
    list: (options?: CallOptions) => call<Page<Issuer>>("GET", "/v1/issuers", { options }),
    put: (name: string, issuer: IssuerInput, options?: CallOptions) =>
      call<Issuer>("PUT", `/v1/issuers/${part(name)}`, { body: issuer, options }),
    remove: (name: string, options?: CallOptions) => call<undefined>("DELETE", `/v1/issuers/${part(name)}`, { options }),
    test: (name: string, token: string, options?: CallOptions) =>
      call<TokenTest>("POST", `/v1/issuers/${part(name)}/test`, { body: { token }, repeat: "safe", options }),
  };
}

export interface SubjectQuery extends PageQuery {
  /** The beginning of a name, an address or a sub. */
  readonly search?: string | undefined;
  readonly issuer?: string | undefined;
}

/** End users, as operators see them. */
export function subjectsApi(call: Call) {
  const at = (issuer: string, sub: string) => `/v1/subjects/${part(issuer)}/${part(sub)}`;
  return {
    list: (query?: SubjectQuery, options?: CallOptions): Promise<Page<SubjectSummary>> =>
      listing<SubjectSummary>(call, "/v1/subjects", query, options),
    get: (issuer: string, sub: string, options?: CallOptions) => call<Subject>("GET", at(issuer, sub), { options }),
    /** Everything of them goes, for good. */
    remove: (issuer: string, sub: string, options?: CallOptions) => call<undefined>("DELETE", at(issuer, sub), { options }),
  };
}

/** What strangers can read. */
export function publicApi(call: Call) {
  const at = (kind: string, name: string) => `/v1/public/${part(kind)}/${part(name)}`;
  return {
    list: (page?: PageQuery, options?: CallOptions): Promise<Page<PublicThing>> => listing<PublicThing>(call, "/v1/public", page, options),
    mark: (kind: string, name: string, options?: CallOptions) => call<undefined>("PUT", at(kind, name), { options }),
    unmark: (kind: string, name: string, options?: CallOptions) => call<undefined>("DELETE", at(kind, name), { options }),
  };
}

/** Settings with the version to send along when they are replaced. */
export type VersionedSettings = SettingsView & { readonly version: string | undefined };

/** The tenant's settings, the whole each time. */
export function settingsApi(call: Call) {
  const versioned = async (method: Method, parts: RequestParts): Promise<VersionedSettings> => {
    let version: string | undefined;
    // A proxy that compresses calls the tag weak: the bytes are others, the version is the same.
    const onHeaders = (headers: Headers) => (version = headers.get("etag")?.replace(/^W\//, ""));
    const view = await call<SettingsView>(method, "/v1/tenant/settings", { ...parts, onHeaders });
    return { ...view, version };
  };
  return {
    get: (options?: CallOptions) => versioned("GET", { options }),
    /** @param version that `get` or the last `put` answered; when somebody else has saved since, it is `precondition-failed` */
    put: (settings: TenantSettings, version?: string, options?: CallOptions) =>
      versioned("PUT", { body: settings, ...(version === undefined ? {} : { headers: { "if-match": version } }), options }),
    verifyHost: (host: string, options?: CallOptions) =>
      call<SettingsView>("POST", `/v1/tenant/hosts/${part(host)}/verify`, { repeat: "safe", options }),
    /** A new secret that signs mails, shown once. */
    newMailSecret: (options?: CallOptions) => call<{ secret: string }>("POST", "/v1/tenant/mail-secret", { options }),
  };
}

/** Why somebody may do something, or what is missing. */
export function accessApi(call: Call) {
  return {
    explain: (question: ExplainInput, options?: CallOptions) =>
      call<Explained>("POST", "/v1/access/explain", { body: question, repeat: "safe", options }),
  };
}

/** What deployment admins look after. */
export function platformApi(call: Call) {
  return {
    keyRing: (options?: CallOptions) => call<KeyRingStatus>("GET", "/v1/platform/key-ring", { options }),
    backups: (page?: PageQuery, options?: CallOptions): Promise<Page<Backup>> =>
      listing<Backup>(call, "/v1/platform/backups", page, options),
  };
}

function part(text: string): string {
  return encodeURIComponent(text);
}
