import { createHash } from "node:crypto";
import { planSchema, type SchemaStep } from "../../core/kit/schema-plan.ts";
import type { Migration } from "./object-kit.ts";
import type { KitStore, LedgerScope } from "./store.ts";

/** Why an object cannot be served by this release; its stored state is untouched. */
export class SchemaRefused extends Error {
  override readonly name = "SchemaRefused";
}

/**
 * Brings the object's schema to what this release knows. To be run inside a transaction: a step and its ledger row are
 * committed together or not at all.
 * @throws {SchemaRefused} when the stored schema does not fit this release
 */
export function migrate(store: KitStore, migrations: readonly Migration[]): void {
  store.ledger.open();
  applyScope(store, "kit", store.migrations);
  applyScope(store, "object", migrations);
}

function applyScope(store: KitStore, scope: LedgerScope, migrations: readonly Migration[]): void {
  const known = migrations.map(stepOf);
  const plan = planSchema(store.ledger.list(scope), known);
  if (plan.kind === "refuse") throw new SchemaRefused(`${scope} schema: ${plan.reason}`);
  for (const id of plan.ids) {
    const migration = migrations[id - 1];
    const step = known[id - 1];
    if (!migration || !step) throw new SchemaRefused(`${scope} schema: no step ${id}`);
    store.apply(migration.up);
    store.ledger.add(scope, step);
  }
}

export function stepOf(migration: Migration): SchemaStep {
  const { id, name, up, additive } = migration;
  return { id, name, additive, hash: createHash("sha256").update(up).digest("hex") };
}
