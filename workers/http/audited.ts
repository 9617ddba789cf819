import { type Outcome, refuse } from "../../contract/problems.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import type { TenantRpc } from "../../contract/rpc/tenant.ts";
import { reasonOf } from "../consumers/give-back.ts";

export interface AuditedChange {
  readonly action: string;
  readonly target: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a change that is not the Tenant object's own: the intent is in the audit chain before, the result after. No
 * intent, no change. A change whose result could not be noted has happened: its intent stands alone in the chain, and
 * the error says so to the caller.
 * @param found what the result adds to the detail
 */
export async function audited<T>(
  tenant: Pick<TenantRpc, "audit">,
  meta: CallMeta,
  what: AuditedChange,
  change: () => Promise<Outcome<T>>,
  found: (value: T) => AuditedChange["detail"] = () => ({}),
): Promise<Outcome<T>> {
  const note = { action: what.action, target: what.target, detail: what.detail ?? {} };
  // The key belongs to the change; without it each attempt leaves its own notes.
  const { idempotency: _, ...notesMeta } = meta;
  const intent = await tenant.audit([{ ...note, outcome: "intent" }], notesMeta);
  if (!intent.ok) return intent;
  const outcome = await attempt(change);
  const result = outcome.ok
    ? { ...note, outcome: "done" as const, detail: { ...note.detail, ...found(outcome.value) } }
    : { ...note, outcome: "failed" as const, detail: { ...note.detail, reason: outcome.problem.slug } };
  const noted = await tenant.audit([result], notesMeta);
  return noted.ok ? outcome : noted;
}

/** What is thrown has failed too, and the chain says so. The caller is told what it may know; the log has the rest. */
async function attempt<T>(change: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await change();
  } catch (error) {
    console.error(JSON.stringify({ level: "error", message: "an audited change failed", reason: reasonOf(error) }));
    return refuse("unavailable", "The change could not be made just now. Look at its state, then try again.", { retryAfterS: 2 });
  }
}
