import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Field } from "../../ui/field.tsx";
import type { UserState } from "../../user/user-state.ts";

type Answer =
  { readonly ok: true; readonly values: readonly string[] } | { readonly ok: false; readonly title: string; readonly detail: string };

const LAST_MS = 5 * 60_000;

/** Tries to read a metric as whoever is here now: public and granted ones open, all others say what is missing. */
export function Reading({ state: { user, subject } }: { state: UserState }) {
  const metric = useSignal("host_cpu_used_ratio");
  const answer = useSignal<Answer | undefined>(undefined);
  const busy = useSignal(false);
  // What somebody else was allowed says nothing about whoever is here now.
  useEffect(() => void (answer.value = undefined), [subject.value?.sub]);
  const read = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    try {
      const end = Date.now();
      const { series } = await user.metrics.query({
        metric: metric.value,
        start: new Date(end - LAST_MS).toISOString(),
        end: new Date(end).toISOString(),
        stepMs: 60_000,
      });
      answer.value = { ok: true, values: series.map(({ labels, values }) => `${labelText(labels)}: ${newest(values)}`) };
    } catch (failure) {
      const error = asError(failure);
      answer.value = { ok: false, title: error.status === 403 ? "Not for you" : "That did not work", detail: error.detail };
    }
    busy.value = false;
  };
  return (
    <Card title="What you may read">
      <form class="form" onSubmit={(event) => void read(event)}>
        <Field
          label="Metric"
          hint={subject.value ? "What is public can be read, and what your grants name." : "What is public can be read by anybody."}
        >
          {(control) => (
            <input
              {...control}
              value={metric.value}
              required
              spellcheck={false}
              onInput={(event) => (metric.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="actions">
          <Button type="submit" busy={busy.value}>
            Read
          </Button>
        </div>
      </form>
      <div class="answer" role="status">
        {answer.value?.ok === false && (
          <p>
            <strong>{answer.value.title}.</strong> {answer.value.detail}
          </p>
        )}
        {answer.value?.ok && answer.value.values.length === 0 && (
          <p class="muted">You may read it. It has no values in the last five minutes.</p>
        )}
        {answer.value?.ok && answer.value.values.length > 0 && (
          <ul class="values">
            {answer.value.values.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </div>
    </Card>
  );
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.values(labels).join(" ") || "all";
}

/** Its unit is not known here; grouped, a long number can at least be read. */
const NUMBER = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

function newest(values: readonly (number | null)[]): string {
  const value = values.findLast((one) => one !== null);
  return value === undefined || value === null ? "no value" : NUMBER.format(value);
}
