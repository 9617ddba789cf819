import { callObject, OBJECT_KINDS, type ObjectAddress } from "../../contract/address.ts";
import { type EventMessage, subjectDeletedDataSchema } from "../../contract/events.ts";
import { SUBJECT_LIMITS, subjectOf } from "../../contract/subject-id.ts";
import type { EdgeEnv } from "../env.ts";
import { anyObject } from "./objects.ts";
import { inParallel } from "./parallel.ts";

export const FORGET_LIMITS = {
  /** Objects asked at the same time. */
  atOnce: 6,
  /** Objects of one page of the registry. */
  page: 200,
} as const;

/**
 * Removes a deleted subject from every object of the tenant, and from what dead letters say. Objects that hold nothing of them
 * answer at once. It is repeated until it has gone through as a whole, so every part of it may be.
 */
export async function forgetSubject(env: EdgeEnv, event: EventMessage): Promise<void> {
  const { ref, personal } = subjectDeletedDataSchema.parse(event.data);
  const order = { type: "forget-subject", subject: subjectOf(personal.issuer, personal.sub), ref } as const;
  const tell = async (address: ObjectAddress) => {
    await callObject(async () => await anyObject(env, address).maintain(order));
  };
  // Whatever the registry knows by now: a link that was never used may lie at any of these, and was asked for a moment ago.
  await inParallel(placesOf(event.tenantId), FORGET_LIMITS.atOnce, tell);
  for await (const page of registered(env.DB, event.tenantId)) {
    const others = page.filter(({ kind }) => kind !== "subjects");
    await inParallel(others, FORGET_LIMITS.atOnce, tell);
  }
  // Last: until now a dead letter of the deletion itself had to be one that can be replayed.
  await env.HISTORY.prepare(
    `UPDATE control_dead_letter SET body = json_remove(body, '$.data.personal')
     WHERE tenant_id = ?1 AND subject = ?2 AND json_type(body, '$.data.personal') IS NOT NULL`,
  )
    .bind(event.tenantId, `subject/${ref}`)
    .run();
}

function placesOf(tenantId: string): ObjectAddress[] {
  return Array.from({ length: SUBJECT_LIMITS.places }, (_, place) => ({ tenantId, kind: "subjects", name: String(place) }));
}

/** The tenant's objects by the registry, page after page in the order of its key. */
async function* registered(db: D1Database, tenantId: string): AsyncGenerator<ObjectAddress[]> {
  let after: readonly [kind: string, name: string] = ["", ""];
  for (;;) {
    const { results } = await db
      .prepare("SELECT kind, name FROM control_object WHERE tenant_id = ?1 AND (kind, name) > (?2, ?3) ORDER BY kind, name LIMIT ?4")
      .bind(tenantId, ...after, FORGET_LIMITS.page)
      .all<{ kind: string; name: string }>();
    yield results.map(({ kind, name }) => addressOf(tenantId, kind, name));
    const last = results.at(-1);
    if (!last || results.length < FORGET_LIMITS.page) return;
    after = [last.kind, last.name];
  }
}

/** @throws for a kind of a later release: forgetting has to wait until this consumer is of it too */
function addressOf(tenantId: string, kind: string, name: string): ObjectAddress {
  const known = OBJECT_KINDS.find((candidate) => candidate === kind);
  if (!known) throw new Error(`no object of kind ${kind} is known here`);
  return { tenantId, kind: known, name };
}
