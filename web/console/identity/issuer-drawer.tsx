import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Issuer } from "../../../contract/issuers.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { can } from "../session.ts";
import { type IssuerDraft, draftOf, putOf } from "./issuer-draft.ts";
import { IssuerFields, ISSUER_POINTERS } from "./issuer-fields.tsx";
import { otherProblems } from "./field-problems.ts";
import { SignEveryoneOut } from "./sign-everyone-out.tsx";
import { TestToken } from "./test-token.tsx";
import { useFocusWrong } from "./use-focus-wrong.ts";

interface Problems {
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
  readonly requestId?: string | undefined;
}

const TAKEN = { pointer: "/name", detail: "There is an issuer of this name: open it to change it." } as const;

interface IssuerDrawerProps {
  readonly of: Issuer | undefined;
  /** Names that are registered: saving under one of them would change another issuer. */
  readonly taken: readonly string[];
  readonly onSaved: (issuer: Issuer) => void;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

/** One issuer: a place to try a token, then whose tokens, by which keys, with what grants. */
export function IssuerDrawer({ of, taken, onSaved, onRemoved, onClose }: IssuerDrawerProps) {
  const draft = useSignal<IssuerDraft>(draftOf(of));
  const busy = useSignal(false);
  const failed = useSignal<Problems | undefined>(undefined);
  const removing = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  useFocusWrong(form, failed.value);
  const problems = failed.value;
  const submit = async (event: Event) => {
    event.preventDefault();
    const name = draft.value.name.trim();
    const made = of || !taken.includes(name) ? putOf(draft.value) : { errors: [TAKEN] };
    if ("errors" in made) {
      failed.value = { detail: "", errors: made.errors };
      return;
    }
    busy.value = true;
    failed.value = undefined;
    try {
      const issuer = await api.issuers.put(name, made.put);
      toast(`Tokens of ${issuer.iss} are taken at your door within 2 seconds.`);
      onSaved(issuer);
    } catch (failure) {
      const error = asError(failure);
      // The name is a part of the address; its error points there.
      const errors = error.errors.map((one) => (one.pointer === "{name}" ? { ...one, pointer: "/name" } : one));
      failed.value = { detail: error.detail, errors, requestId: error.requestId };
    }
    busy.value = false;
  };
  return (
    <Drawer
      title={of ? of.name : "Register an issuer"}
      label={of ? `Issuer ${of.name}` : "Register an issuer"}
      onClose={onClose}
      foot={
        <>
          {problems && <Failed problems={problems} />}
          <Button type="submit" form="issuer" kind="primary" busy={busy.value}>
            {of ? "Save" : "Register"}
          </Button>
          {of && can("tokens:revoke") && <SignEveryoneOut issuer={of.name} />}
          {of && (
            <Button kind="danger" onClick={() => (removing.value = true)}>
              Remove
            </Button>
          )}
        </>
      }
    >
      {of && <TestToken key={of.changedAt} name={of.name} />}
      <form ref={form} id="issuer" class="form" onSubmit={(event) => void submit(event)}>
        {of && <h3>What is accepted</h3>}
        <IssuerFields
          of={of}
          draft={draft.value}
          errors={problems?.errors ?? []}
          onChange={(part) => (draft.value = { ...draft.value, ...part })}
        />
      </form>
      {of && removing.value && (
        <Confirm
          title={`Remove the issuer “${of.name}”`}
          typed={of.name}
          verb="Remove the issuer"
          onClose={() => (removing.value = false)}
          act={async () => {
            await api.issuers.remove(of.name);
            toast(`Tokens of ${of.iss} are refused within 2 seconds.`);
            onRemoved();
          }}
        >
          <p>
            Within 2 seconds its tokens are refused and the sockets of its people close. The people stay listed; the name stays bound to
            this iss, so that nobody else can take them over.
          </p>
        </Confirm>
      )}
    </Drawer>
  );
}

/** What stands beside its field is only pointed to. */
function Failed({ problems: { detail, errors, requestId } }: { problems: Problems }) {
  const beside = errors.length - otherProblems(errors, ISSUER_POINTERS).length;
  const others = otherProblems(errors, ISSUER_POINTERS).map((one) => `${one.pointer}: ${one.detail}`);
  const words = beside > 0 ? ["Not saved: see what is marked above.", ...others] : others.length > 0 ? others : [`Not saved: ${detail}`];
  return (
    <p class="field-error drawer-problem" role="alert">
      {words.join(" ")}
      {requestId && ` (request ${requestId})`}
    </p>
  );
}
