import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { serverNow } from "../lib/clock.ts";
import { formatAge } from "../lib/format.ts";
import type { MeridianError } from "../../sdk/errors.ts";
import { Notice, Skeleton } from "../ui/states.tsx";
import { failureOf, PageError } from "./page-error.tsx";

interface ListingProps<T> {
  readonly of: {
    readonly data: ReadonlySignal<readonly T[] | undefined>;
    readonly error: ReadonlySignal<MeridianError | undefined>;
    readonly at: ReadonlySignal<number>;
    reload(): void;
  };
  /** Plural: `keys`. */
  readonly what: string;
  readonly empty: ComponentChildren;
  readonly children: (rows: readonly T[]) => ComponentChildren;
}

/** The states of a list: skeleton, error, empty, stale above rows, rows. */
export function Listing<T>({ of, what, empty, children }: ListingProps<T>) {
  const rows = of.data.value;
  const failure = of.error.value;
  if (!rows) {
    if (!failure) return <Skeleton rows={6} />;
    return <PageError failure={failureOf(failure, `The ${what} could not be read`)} onRetry={of.reload} />;
  }
  return (
    <div class="stack">
      {failure && (
        <Notice tone="warn">
          The {what} could not be refreshed: {failure.detail}. What is shown is {formatAge(serverNow() - of.at.value)} old.
        </Notice>
      )}
      {rows.length === 0 ? empty : children(rows)}
    </div>
  );
}
