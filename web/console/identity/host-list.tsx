import { useSignal } from "@preact/signals";
import type { HostState } from "../../../contract/settings.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";

/** Saved hosts, how to prove each, and whether it is proved. */
export function HostList({ hosts, onChanged }: { hosts: readonly HostState[]; onChanged: () => void }) {
  return (
    <ul class="host-proofs">
      {hosts.map((host) => (
        <HostProof key={host.host} of={host} onChanged={onChanged} />
      ))}
    </ul>
  );
}

function HostProof({ of, onChanged }: { of: HostState; onChanged: () => void }) {
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const verified = of.state === "verified";
  const check = async () => {
    busy.value = true;
    problem.value = undefined;
    try {
      await api.settings.verifyHost(of.host);
      toast(`${of.host} leads to your door.`);
      onChanged();
    } catch (failure) {
      problem.value = asError(failure).detail;
    }
    busy.value = false;
  };
  return (
    <li>
      <div class="actions">
        <strong>{of.host}</strong>
        <StateBadge tone={verified ? "ok" : "warn"} word={verified ? "proved" : "to be proved"} />
        {verified && <When at={of.verifiedAt} />}
        {!verified && (
          <Button busy={busy.value} onClick={() => void check()}>
            Check now
          </Button>
        )}
      </div>
      {!verified && (
        <>
          <p class="muted">
            Put this value into a TXT record <code>{of.dnsName}</code>, or into a file at{" "}
            <code>{`https://${of.host}${of.wellKnownPath}`}</code>:
          </p>
          <pre class="command">{of.dnsValue}</pre>
          <CopyButton text={of.dnsValue} words="Copy the value" />
        </>
      )}
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
    </li>
  );
}
