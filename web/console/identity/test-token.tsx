import { useSignal } from "@preact/signals";
import type { TokenTest } from "../../../sdk/api/identity.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { api } from "../api.ts";
import { CheckList } from "./check-list.tsx";
import { subjectPath } from "./subject-words.ts";

/** Which check of a token fails. */
export function TestToken({ name }: { name: string }) {
  const token = useSignal("");
  const busy = useSignal(false);
  const result = useSignal<TokenTest | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const test = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    result.value = undefined;
    try {
      result.value = await api.issuers.test(name, token.value.trim());
    } catch (failure) {
      const { errors, detail } = asError(failure);
      problem.value = errors[0]?.detail ?? detail;
    }
    busy.value = false;
  };
  return (
    <section>
      <form class="form" onSubmit={(event) => void test(event)}>
        <Field label="Test a token" hint="It is checked as the door would, with what is saved here, and not kept." error={problem.value}>
          {(control) => (
            <textarea
              {...control}
              class="code"
              rows={3}
              required
              spellcheck={false}
              placeholder="eyJ…"
              value={token.value}
              onInput={(event) => (token.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <Button type="submit" busy={busy.value}>
          Test
        </Button>
      </form>
      <div role="status">{result.value && <Result of={result.value} />}</div>
    </section>
  );
}

function Result({ of: { checks, subject } }: { of: TokenTest }) {
  return (
    <div class="test-result">
      <StateBadge
        tone={subject ? "ok" : "critical"}
        word={subject ? "The door would take this token" : "The door would refuse this token"}
      />
      <CheckList checks={checks} />
      {subject && (
        <p>
          It speaks for {subject.name}, <a href={subjectPath("/console/control/subjects", subject)}>{`${subject.issuer}|${subject.sub}`}</a>
          .
        </p>
      )}
    </div>
  );
}
