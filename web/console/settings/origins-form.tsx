import { useSignal } from "@preact/signals";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { loadSession, me } from "../session.ts";

/** Exact origins whose pages may read the tenant's answers with a key (CORS). */
export function OriginsForm() {
  const stored = me.value?.tenant.settings.origins ?? [];
  const text = useSignal(stored.join("\n"));
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      const origins = text.value
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean);
      await api.tenant.update({ origins });
      await loadSession();
      toast(origins.length === 0 ? "No other origin may read answers now." : "The origins are saved.");
    } catch (failure) {
      const error = asError(failure);
      problem.value = error.errors[0]?.detail ?? error.detail;
    }
    busy.value = false;
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <Field
        label="Origins"
        hint="One per line, such as https://shop.example.com; at most 20. Programs outside browsers need none."
        error={problem.value}
      >
        {(control) => (
          <textarea
            {...control}
            rows={4}
            spellcheck={false}
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" busy={busy.value} disabled={text.value.trim() === stored.join("\n")}>
        Save the origins
      </Button>
    </form>
  );
}
