import { useSignal } from "@preact/signals";
import { KeyRound } from "lucide";
import { passkeysWork } from "../lib/passkeys.ts";
import { asError } from "../lib/resource.ts";
import { Button } from "../ui/button.tsx";
import { CredentialForm } from "./credential-form.tsx";
import { SecondStep } from "./second-step.tsx";
import { deployment, signIn, signInWithPasskey } from "./session.ts";

interface StepsProps {
  readonly verb: string;
  /** The account is decided already. */
  readonly fixedEmail?: string;
  /** What comes once the person is in; what it throws is shown here. */
  readonly onIn: () => Promise<void>;
}

function PasskeyWay({ onIn }: Pick<StepsProps, "onIn">) {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const origin = deployment.value?.passkeyOrigin;
  const choose = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      await signInWithPasskey();
      await onIn();
    } catch (failure) {
      problem.value = asError(failure).detail;
    }
    busy.value = false;
  };
  if (passkeysWork(origin)) {
    return (
      <div class="entrance-other">
        <Button icon={KeyRound} busy={busy.value} onClick={() => void choose()}>
          Sign in with a passkey
        </Button>
        {problem.value && (
          <p class="field-error" role="alert">
            {problem.value}
          </p>
        )}
      </div>
    );
  }
  if (!origin || origin === location.origin) return null;
  return (
    <div class="entrance-other">
      <p class="muted">
        Browsers bind passkeys to a name. Here they work at{" "}
        <a href={`${origin}${location.pathname}${location.search}`}>{new URL(origin).host}</a>.
      </p>
    </div>
  );
}

/** Password, then the second factor where there is one; or a passkey, which is both. */
export function SignInSteps({ verb, fixedEmail, onIn }: StepsProps) {
  const second = useSignal(false);
  const why = useSignal<string | undefined>(undefined);
  if (second.value) {
    const again = (reason?: string) => {
      second.value = false;
      why.value = reason;
    };
    return <SecondStep onIn={onIn} onAgain={again} />;
  }
  return (
    <>
      {why.value && <p role="status">{why.value}</p>}
      <CredentialForm
        verb={verb}
        withName={false}
        {...(fixedEmail === undefined ? {} : { fixedEmail })}
        submit={async ({ email, password }) => {
          if (await signIn(email, password)) await onIn();
          else second.value = true;
        }}
      />
      <PasskeyWay onIn={onIn} />
    </>
  );
}
