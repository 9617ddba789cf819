import { callObject, objectAt } from "../../contract/address.ts";
import { type EventMessage, verificationMailDataSchema } from "../../contract/events.ts";
import { keyRing } from "../../contract/key-ring.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";

export const MAIL_LIMITS = {
  /** For the whole answer: whoever hands mails over to a queue of their own answers in far less. */
  timeoutMs: 5_000,
} as const;

/** What sends a mail's request; in tests, what notes it. */
export type SendMail = (url: string, init: RequestInit) => Promise<Response>;

/** The mails of one batch of events. */
export interface Mailer {
  readonly send: SendMail;
  /** Tenants whose webhook failed in this batch: the rest of their mails waits for the next delivery, and holds nobody up. */
  readonly failing: Set<string>;
}

/**
 * Hands the mail of a verification over to the tenant's webhook: a POST signed as Standard Webhooks 1.0 has it
 * (https://www.standardwebhooks.com), with the event's id, so that a receiver knows a repetition. Without a webhook there is
 * nothing to do; one that answers 410 wants no more of this mail.
 * @throws when it was not taken: the queue delivers the event again
 */
export async function mailVerification(env: EdgeEnv, event: EventMessage, { send, failing }: Mailer): Promise<void> {
  const { known, personal } = verificationMailDataSchema.parse(event.data);
  const { tenantId } = event;
  const tenant = () => objectAt(env.TENANT, { tenantId, kind: "tenant", name: "main" });
  const settings = await callObject(async () => await tenant().settings());
  if (!settings.ok) throw new Error(`the tenant's settings: ${settings.problem.slug}`);
  const url = settings.value.view.settings.hostedAccounts.mailWebhookUrl;
  if (url === null) return;
  if (failing.has(tenantId)) throw new Error("the mail webhook has just failed");
  const secret = await openSecret(env, await callObject(async () => await tenant().mailSecret()));
  const { email, name } = personal;
  const link = known ? await logInLink(personal.link, tenant()) : personal.link;
  const body = JSON.stringify({
    type: known ? "subject.already-registered" : "subject.verification",
    timestamp: new Date(event.at).toISOString(),
    data: { email, name, link, token: tokenIn(link) },
  });
  try {
    await post(send, url, { id: event.id, body, secret, timestampS: Math.floor(now(env) / 1_000) });
  } catch (error) {
    failing.add(tenantId);
    throw error;
  }
}

/** An owner's mail leads to the log-in, whose page has to know the tenant. */
async function logInLink(page: string, tenant: Pick<TenantRpc, "describe">): Promise<string> {
  const described = await tenant.describe();
  if (!described.ok) throw new Error(`the tenant: ${described.problem.slug}`);
  return `${page}?tenant=${encodeURIComponent(described.value.slug)}`;
}

interface Signed {
  readonly id: string;
  readonly body: string;
  readonly secret: Uint8Array<ArrayBuffer>;
  readonly timestampS: number;
}

async function post(send: SendMail, url: string, { id, body, secret, timestampS }: Signed): Promise<void> {
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${timestampS}.${body}`));
  const response = await send(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(timestampS),
      "webhook-signature": `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`,
    },
    body,
    redirect: "manual", // a mail goes where the tenant said and nowhere else
    signal: AbortSignal.timeout(MAIL_LIMITS.timeoutMs),
  });
  await response.body?.cancel();
  if (!response.ok && response.status !== 410) throw new Error(`the mail webhook answered ${response.status}`);
}

/** The bytes behind `whsec_…`. @throws without a secret: a mail that nobody could trust is not sent, and can be replayed once there is one */
async function openSecret(env: EdgeEnv, sealed: string | null): Promise<Uint8Array<ArrayBuffer>> {
  const plain = sealed === null ? undefined : await keyRing(env).decrypt("mail-secret", sealed);
  if (!plain) throw new Error("the tenant has no secret that signs mails: POST /v1/tenant/mail-secret makes one");
  return Uint8Array.from(atob(new TextDecoder().decode(plain).replace(/^whsec_/, "")), (char) => char.charCodeAt(0));
}

/** For tenants that lead people to a page of their own. */
function tokenIn(link: string): string | null {
  return new URLSearchParams(URL.parse(link)?.hash.slice(1)).get("verify");
}

function now(env: EdgeEnv): number {
  return Date.now() + Number(env.CLOCK_OFFSET_MS ?? 0);
}
