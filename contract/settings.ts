import * as z from "zod";
import { ACCESS_LIMITS, isOrigin } from "./access.ts";
import { TOPIC_LIMITS } from "./room-limits.ts";
import { grantsSchema } from "./subjects.ts";
import { isOutboundUrl, SUBJECT_LIMITS } from "./subject-id.ts";

/** A host name as browsers write it in lower case, with at least one dot; no port, no address. */
const host = z
  .string()
  .max(253)
  .regex(/^(?!.*\.\d+$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, "must be a host name such as api.example.com");

/** An origin is exactly what a browser sends: scheme, host and port, nothing after. */
const origin = z.string().max(300).refine(isOrigin, "must be an origin such as https://app.example.com, without a path");

/** A tenant's settings, as stored and as `PUT /v1/tenant/settings` takes them: the whole, each time. */
export const settingsSchema = z.strictObject({
  /** Exact origins whose browsers may read our answers (CORS). */
  origins: z.array(origin).max(ACCESS_LIMITS.origins),
  /** Host names under which the tenant's door answers once each is proved to be theirs. */
  hosts: z.array(host).max(SUBJECT_LIMITS.hosts),
  /** What every hosted account may do. */
  defaultGrants: grantsSchema,
  hostedAccounts: z.strictObject({
    enabled: z.boolean(),
    /** Whether one may come in without an address, and add one later. */
    guests: z.boolean(),
    /** Where mails are handed over until notifications exist: a signed POST each. */
    mailWebhookUrl: z
      .string()
      .max(SUBJECT_LIMITS.urlChars)
      .refine(isOutboundUrl, "must be an https address without a name or password in it")
      .nullable(),
  }),
  /** Hubs over which live sockets and new topics spread; absent: `LIVE_LIMITS.hubs`. More of them move no topic. */
  hubs: z.number().int().min(1).max(TOPIC_LIMITS.hubsMax).optional(),
});
export type TenantSettings = z.infer<typeof settingsSchema>;

/** What a new tenant starts with: everything private, nobody but operators and keys. */
export const FIRST_SETTINGS: TenantSettings = {
  origins: [],
  hosts: [],
  defaultGrants: [],
  hostedAccounts: { enabled: false, guests: false, mailWebhookUrl: null },
};

/** How the tenant proves that a host is theirs: either is enough. */
export const hostStateSchema = z.object({
  host: z.string(),
  state: z.enum(["waiting", "verified"]),
  /** A TXT record with this name and value … */
  dnsName: z.string(),
  dnsValue: z.string(),
  /** … or this file on the host, with the same value. */
  wellKnownPath: z.string(),
  verifiedAt: z.iso.datetime().nullable(),
});
export type HostState = z.infer<typeof hostStateSchema>;

/** The answer of `GET` and `PUT /v1/tenant/settings`. */
export const settingsViewSchema = z.object({
  settings: settingsSchema,
  hosts: z.array(hostStateSchema),
  /** Whether mails can be signed: a secret was made with `POST /v1/tenant/mail-secret`. */
  mailSecretSet: z.boolean(),
});
export type SettingsView = z.infer<typeof settingsViewSchema>;

/** `POST /v1/tenant/mail-secret`: shown once; the one before stops. */
export const mailSecretSchema = z.object({ secret: z.string() });

/** A line of `GET /v1/public`: a thing, or with `*` all whose names begin so. */
export const publicThingSchema = z.object({
  kind: z.string(),
  name: z.string(),
  markedAt: z.iso.datetime(),
  markedBy: z.string(),
});
export type PublicThing = z.infer<typeof publicThingSchema>;
