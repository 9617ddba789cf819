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
  if (hosts.length === 0) return null;
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
      toast(`${of.host} is proved to be yours and leads to your door.`);
      onChanged();
    } catch (failure) {
      const { detail, requestId } = asError(failure);
      problem.value = requestId ? `${detail} (request ${requestId})` : detail;
    }
    busy.value = false;
  };
  return (
    <li>
      <div class="host-proof-head">
        <strong>{of.host}</strong>
        <StateBadge tone={verified ? "ok" : "warn"} word={verified ? "proved" : "to be proved"} />
        {verified && <When at={of.verifiedAt} />}
      </div>
      {!verified && (
        <>
          <dl class="facts">
            <dt>TXT record</dt>
            <dd class="copyable">
              <code>{of.dnsName}</code> <CopyButton text={of.dnsName} label="Copy the record's name" />
            </dd>
            <dt>or a file</dt>
            <dd>
              <code>{`https://${of.host}${of.wellKnownPath}`}</code>
            </dd>
            <dt>with</dt>
            <dd class="copyable">
              <code>{of.dnsValue}</code> <CopyButton text={of.dnsValue} label="Copy the value" />
            </dd>
          </dl>
          {problem.value && (
            <p class="field-error" role="alert">
              {problem.value}
            </p>
          )}
          <Button busy={busy.value} onClick={() => void check()}>
            Check now
          </Button>
        </>
      )}
    </li>
  );
}
