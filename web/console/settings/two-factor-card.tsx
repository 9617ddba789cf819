import { useSignal } from "@preact/signals";
import type { TwoFactor, TwoFactorStarted } from "../../../contract/second-factors.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { BackupCodes } from "./backup-codes.tsx";
import { ProofForm } from "./proof-form.tsx";
import { TwoFactorSetup } from "./two-factor-setup.tsx";

type Step = "rest" | "set-up" | "switch-off" | "new-codes";

function codesLeft(left: number | null): string {
  if (left === null) return "The number of backup codes that are left cannot be read.";
  if (left === 0) return "No backup code is left: without the app you could not sign in. Make new ones.";
  return `${left} backup ${left === 1 ? "code is" : "codes are"} left.`;
}

/** Codes of an authenticator app after the password. */
export function TwoFactorCard() {
  const state = useResource<TwoFactor>("two-factor", (signal) => api.auth.twoFactor({ signal }));
  const step = useSignal<Step>("rest");
  const started = useSignal<TwoFactorStarted | undefined>(undefined);
  const codes = useSignal<readonly string[] | undefined>(undefined);
  const known = state.data.value;
  const rest = () => {
    step.value = "rest";
    started.value = undefined;
  };
  const changed = (words: string) => {
    rest();
    state.reload();
    toast(words);
  };
  const body = () => {
    if (!known) {
      const failure = state.error.value;
      return failure ? (
        <PageError failure={failureOf(failure, "Your second factor could not be read")} onRetry={state.reload} />
      ) : (
        <Skeleton rows={2} />
      );
    }
    if (started.value) {
      return (
        <TwoFactorSetup
          started={started.value}
          onCancel={rest}
          onOn={() => changed("From now on signing in takes a code of your app as well.")}
        />
      );
    }
    switch (step.value) {
      case "set-up":
        return (
          <ProofForm
            verb="Continue"
            onCancel={rest}
            submit={async (password) => void (started.value = await api.auth.setUpTwoFactor(password))}
          />
        );
      case "switch-off":
        return (
          <ProofForm
            verb="Switch it off"
            kind="danger"
            onCancel={rest}
            submit={async (password) => {
              await api.auth.disableTwoFactor(password);
              codes.value = undefined;
              changed("Signing in takes only your password now.");
            }}
          />
        );
      case "new-codes":
        return (
          <ProofForm
            verb="Make new codes"
            onCancel={rest}
            submit={async (password) => {
              codes.value = (await api.auth.newBackupCodes(password)).backupCodes;
              changed("The old backup codes no longer work.");
            }}
          />
        );
      case "rest":
        return known.on ? (
          <On left={known.backupCodesLeft} codes={codes.value} go={(next) => (step.value = next)} />
        ) : (
          <Off go={(next) => (step.value = next)} />
        );
    }
  };
  return (
    <Card title="Second factor" aside={known && <StateBadge tone={known.on ? "ok" : "muted"} word={known.on ? "On" : "Off"} />}>
      {body()}
    </Card>
  );
}

function Off({ go }: { go: (step: Step) => void }) {
  return (
    <div class="stack">
      <p class="muted">With it a stolen password is not enough: signing in takes a code of an app on your phone as well.</p>
      <div class="actions">
        <Button kind="primary" onClick={() => go("set-up")}>
          Set it up
        </Button>
      </div>
    </div>
  );
}

function On({ left, codes, go }: { left: number | null; codes: readonly string[] | undefined; go: (step: Step) => void }) {
  return (
    <div class="stack">
      <p>Signing in takes a code of your authenticator app.</p>
      {codes ? (
        <>
          <p class="muted">Your new backup codes. They are not shown again.</p>
          <BackupCodes codes={codes} />
        </>
      ) : (
        <p class={left === 0 ? "field-error" : "muted"}>{codesLeft(left)}</p>
      )}
      <div class="actions">
        <Button onClick={() => go("new-codes")}>New backup codes</Button>
        <Button onClick={() => go("switch-off")}>Switch it off</Button>
      </div>
    </div>
  );
}
