import { createHmac } from "node:crypto";
import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { seedTenant } from "../control/testing.ts";
import { changeSettings } from "../control/subject-testing.ts";
import type { EdgeEnv } from "../env.ts";
import { MAIL_LIMITS, type SendMail } from "./mail-webhook.ts";
import { deliver, eventOf } from "./testing.ts";

const URL_OF_MAILS = "https://mail.example.com/hook";
const LINK = "http://localhost:8787/play/account?tenant=t#verify=mrv_0_secret";
const SYSTEM = { requestId: "test", actor: "system", actorName: "system" };
const realEnv = { ...(env as unknown as EdgeEnv), SINGLE_NODE: "false" }; // the test's bindings are the edge's; nothing to confirm

afterEach(() => vi.useRealTimers());

async function seedMails(url: string | null = URL_OF_MAILS, withSecret = true) {
  const tenant = await seedTenant();
  await changeSettings(tenant, { ...FIRST_SETTINGS, hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: url } });
  const object = env.TENANT.getByName(`${tenant.tenantId}/tenant/main`);
  const made = withSecret ? await object.newMailSecret(SYSTEM) : undefined;
  return { ...tenant, secret: made?.ok ? made.value.secret : "" };
}

const PAGE = "http://localhost:8787/play/account";
const mailOf = (tenantId: string, seq: number, known = false) =>
  eventOf(tenantId, seq, {
    type: "meridian.subject.verification-requested",
    subject: `subject/ref${seq}`,
    data: { ref: `ref${seq}`, known, personal: { email: "ada@example.com", name: "Ada", link: known ? PAGE : LINK } },
  });

/** Notes what is sent and answers as it is told. */
function webhook(answer: (url: string) => Response | Promise<Response>) {
  const sent: { readonly url: string; readonly init: RequestInit; readonly headers: Headers; readonly body: string }[] = [];
  const send: SendMail = async (url, init) => {
    sent.push({ url, init, headers: new Headers(init.headers), body: typeof init.body === "string" ? init.body : "" });
    return await answer(url);
  };
  return { sent, send };
}

const ok = () => new Response(null, { status: 204 });

describe("the mail webhook", () => {
  it("[EV36] gets each mail as a POST signed as Standard Webhooks has it", async () => {
    const { tenantId, secret } = await seedMails();
    const { sent, send } = webhook(ok);
    const event = mailOf(tenantId, 1);
    expect(await deliver([{ body: event }], { env: realEnv, send })).toMatchObject({ acked: ["m0"] });
    expect(sent).toHaveLength(1);
    const [{ url, init, headers, body }] = sent as [(typeof sent)[number]];
    expect([url, init.method, init.redirect]).toEqual([URL_OF_MAILS, "POST", "manual"]);
    expect(headers.get("webhook-id")).toBe(event.id);
    expect(JSON.parse(body)).toEqual({
      type: "subject.verification",
      timestamp: new Date(event.at).toISOString(),
      data: { email: "ada@example.com", name: "Ada", link: LINK, token: "mrv_0_secret" },
    });
    const key = Buffer.from(secret.replace("whsec_", ""), "base64");
    const mac = createHmac("sha256", key)
      .update(`${event.id}.${headers.get("webhook-timestamp")}.${body}`)
      .digest("base64");
    expect(headers.get("webhook-signature")).toBe(`v1,${mac}`);
    expect(Math.abs(Number(headers.get("webhook-timestamp")) * 1_000 - Date.now())).toBeLessThan(60_000);
  });

  it("[EV36] tells the owner of an address that it has an account", async () => {
    const { tenantId, slug } = await seedMails();
    const { sent, send } = webhook(ok);
    await deliver([{ body: mailOf(tenantId, 1, true) }], { env: realEnv, send });
    expect(JSON.parse(sent[0]?.body ?? "{}")).toMatchObject({
      type: "subject.already-registered",
      data: { email: "ada@example.com", link: `${PAGE}?tenant=${slug}`, token: null },
    });
  });

  it("[EV37] is asked again after anything but success; 410 ends it, and without a webhook there is nothing to do", async () => {
    const { tenantId } = await seedMails();
    for (const status of [301, 400, 429, 500, 503]) {
      const { send } = webhook(() => new Response(null, { status, headers: status === 301 ? { location: "http://127.0.0.1/" } : {} }));
      const { acked, retried } = await deliver([{ body: mailOf(tenantId, status) }], { env: realEnv, send });
      expect([status, acked, [...retried.keys()]]).toEqual([status, [], ["m0"]]);
    }
    const gone = webhook(() => new Response(null, { status: 410 }));
    expect((await deliver([{ body: mailOf(tenantId, 410) }], { env: realEnv, send: gone.send })).acked).toEqual(["m0"]);
    const none = webhook(ok);
    const without = await seedMails(null);
    expect((await deliver([{ body: mailOf(without.tenantId, 1) }], { env: realEnv, send: none.send })).acked).toEqual(["m0"]);
    expect(none.sent).toEqual([]);
  });

  it("[EV37] sends nothing unsigned: without a secret the mail waits", async () => {
    const { tenantId } = await seedMails(URL_OF_MAILS, false);
    const { sent, send } = webhook(ok);
    expect([...(await deliver([{ body: mailOf(tenantId, 1) }], { env: realEnv, send })).retried.keys()]).toEqual(["m0"]);
    expect(sent).toEqual([]);
  });

  it("[EV37] has a deadline", async () => {
    const { tenantId } = await seedMails();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(AbortSignal.abort());
    const { send } = webhook(async () => await Promise.reject(new DOMException("too slow", "TimeoutError")));
    expect([...(await deliver([{ body: mailOf(tenantId, 1) }], { env: realEnv, send })).retried.keys()]).toEqual(["m0"]);
    expect(timeout).toHaveBeenCalledWith(MAIL_LIMITS.timeoutMs);
    timeout.mockRestore();
  });

  it("[EV38] of one tenant that fails holds up neither other tenants nor the rest of its own for long", async () => {
    const [bad, good] = [await seedMails("https://bad.example.com/"), await seedMails()];
    const { sent, send } = webhook((url) => new Response(null, { status: url === URL_OF_MAILS ? 204 : 500 }));
    const bodies = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((seq) => ({ body: mailOf(bad.tenantId, seq) }));
    const { acked, retried } = await deliver([...bodies, { body: mailOf(good.tenantId, 1) }], { env: realEnv, send });
    expect(acked).toEqual(["m12"]);
    expect(retried.size).toBe(12);
    expect(sent.filter(({ url }) => url !== URL_OF_MAILS).length).toBeLessThanOrEqual(6);
    expect(sent.filter(({ url }) => url === URL_OF_MAILS)).toHaveLength(1);
  });
});
