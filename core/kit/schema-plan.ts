/** One schema step, as the ledger remembers it and as the code declares it. */
export interface SchemaStep {
  readonly id: number;
  readonly name: string;
  /** SHA-256 of the statements, hex. */
  readonly hash: string;
  /** Whether code of the previous release works over it. */
  readonly additive: boolean;
}

export type SchemaPlan =
  | { readonly kind: "apply"; readonly ids: readonly number[] }
  /** The object must not be served: nothing was changed. */
  | { readonly kind: "refuse"; readonly reason: string };

/**
 * Holds what was applied against what the code knows. Steps are append-only: an edited, renamed, reordered or missing
 * one refuses. Steps of a newer release are tolerated when every one of them is additive, because a deploy mixes
 * versions for minutes and is sometimes undone.
 * @param applied in any order
 * @param known in the order of the code
 */
export function planSchema(applied: readonly SchemaStep[], known: readonly SchemaStep[]): SchemaPlan {
  for (const [index, step] of known.entries()) {
    if (step.id !== index + 1) return refuse(`step "${step.name}" has id ${step.id}, expected ${index + 1}`);
  }
  const ledger = applied.toSorted((a, b) => a.id - b.id);
  for (const [index, done] of ledger.entries()) {
    if (done.id !== index + 1) return refuse(`the ledger has no step ${index + 1}`);
    const step = known[index];
    if (!step) {
      if (!done.additive) return refuse(`step ${done.id} "${done.name}" is of a newer release and is not additive`);
    } else if (step.name !== done.name || step.hash !== done.hash) {
      return refuse(`step ${done.id} "${done.name}" was changed after it was applied`);
    }
  }
  return { kind: "apply", ids: known.slice(ledger.length).map((step) => step.id) };
}

function refuse(reason: string): SchemaPlan {
  return { kind: "refuse", reason };
}
