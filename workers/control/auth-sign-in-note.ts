import type { NewEvent } from "../../contract/events.ts";
import type { AuditNote } from "../../contract/rpc/tenant.ts";
import { tenantOf } from "../http/objects.ts";
import type { AccountCall } from "./auth-account.ts";
import { originOf, recogniseDevice } from "./auth-device.ts";
import { firstTenantOf, type KnownUser } from "./auth-store.ts";
import { ensureTenant } from "./tenant-create.ts";

export type SignInMethod = "password" | "totp" | "backup-code" | "passkey";

/**
 * A person is in: their browser will be known, and the log of their tenant and everybody who listens to its events learn how and
 * with which device. Mails that say so belong to whoever listens. Done after the answer: it must not take longer for those who exist.
 */
export async function welcome(call: AccountCall, user: KnownUser, method: SignInMethod): Promise<void> {
  const device = await recogniseDevice(call.request, call.env, user.id);
  call.answerHeaders.append("set-cookie", device.cookie);
  const facts = { method, newDevice: !device.known };
  const event: NewEvent = {
    type: "meridian.operator.signed-in",
    subject: `user/${user.id}`,
    data: { userId: user.id, ...facts, personal: { name: user.name, email: user.email, ...originOf(call.request) } },
  };
  call.ctx.waitUntil(note(call, user, "done", { ...facts, ...originOf(call.request) }, [event]));
}

/** Somebody tried to be this person and was refused. */
export async function noteRefusal(call: AccountCall, user: KnownUser | undefined, method: SignInMethod): Promise<void> {
  if (user) await note(call, user, "denied", { method, ...originOf(call.request) }, []);
}

async function note(
  { env, meta }: AccountCall,
  user: KnownUser,
  outcome: AuditNote["outcome"],
  detail: AuditNote["detail"],
  events: readonly NewEvent[],
): Promise<void> {
  try {
    const tenantId = await firstTenantOf(env.DB, user.id);
    if (!tenantId) return;
    const person = { requestId: meta.requestId, actor: `user:${user.id}`, actorName: user.name };
    const succeeded = outcome === "done";
    if (succeeded) await ensureTenant(env, tenantId, person);
    const actor = succeeded ? person : { ...person, actor: "anonymous", actorName: "somebody" };
    await tenantOf({ env, principal: { tenantId } }).audit(
      [{ action: "session.open", target: `user/${user.id}`, outcome, detail }],
      actor,
      events,
    );
  } catch (error) {
    // The sign-in itself has been answered; its own request line tells what came of it.
    console.error(JSON.stringify({ level: "error", event: "audit-failed", requestId: meta.requestId, error: String(error) }));
  }
}
