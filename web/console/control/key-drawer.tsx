import { useSignal } from "@preact/signals";
import type { Key } from "../../../contract/access.ts";
import { now } from "../../lib/clock.ts";
import { formatWhen, plural } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { StateBadge } from "../../ui/state-badge.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { collect } from "../../lib/collect.ts";
import { useResource } from "../../lib/resource.ts";
import { api } from "../api.ts";
import { can, me } from "../session.ts";
import { keyTone, lastUse } from "./key-words.ts";

function Revoke({ of, onChanged, onClose }: { of: Key; onChanged: () => void; onClose: () => void }) {
  const agents = useResource(`agents-of:${of.id}`, async (signal) =>
    can("agents:read") ? await collect((page) => api.agents.list(page, { signal })) : [],
  );
  const hosts = agents.data.value?.filter(({ keyId }) => keyId === of.id).map(({ host }) => host) ?? [];
  const last = lastUse(of);
  const used = last === null ? "It was never used." : `It was last used ${formatWhen(Date.parse(last), now.value)}.`;
  return (
    <Confirm
      title={`Revoke the key “${of.name}”`}
      typed={of.name}
      verb="Revoke the key"
      onClose={onClose}
      act={async () => {
        await api.keys.revoke(of.id);
        toast(`The key “${of.name}” is revoked.`);
        onChanged();
      }}
    >
      <p>Within 2 seconds every request with it is refused and every socket it opened is closed. {used}</p>
      {hosts.length > 0 && (
        <p>
          {plural(hosts.length, "agent")} used it last: <strong>{hosts.slice(0, 5).join(", ")}</strong>
          {hosts.length > 5 && ` and ${hosts.length - 5} more`}. Without another key{" "}
          {hosts.length === 1 ? "that host goes" : "those hosts go"} late after 45 seconds and offline after 90.
        </p>
      )}
      <p>This cannot be undone: a new key has a new secret.</p>
    </Confirm>
  );
}

/** One key: what it may do, whether it is in use, and the way to end it. */
export function KeyDrawer({ id, of, onChanged, onClose }: { id: string; of: Key | undefined; onChanged: () => void; onClose: () => void }) {
  const revoking = useSignal(false);
  if (!of) {
    return (
      <Drawer title="No such key" label="No such key" onClose={onClose}>
        <EmptyState title={`No key has the id ${id}`}>It belongs to another tenant, or the address is mistyped.</EmptyState>
      </Drawer>
    );
  }
  const facts = [
    ["State", <StateBadge {...keyTone(of, now.value)} />],
    ["Begins with", <code>{of.hint}</code>],
    ["Last used", <When at={lastUse(of)} never="never" />],
    ["Created", <When at={of.createdAt} />],
    ["Created by", of.createdBy === `user:${me.value?.id}` ? "you" : of.createdBy],
    ["Expires", <When at={of.expiresAt} never="never" />],
    ...(of.revokedAt ? [["Revoked", <When at={of.revokedAt} />] as const] : []),
    ["Id", <code>{of.id}</code>],
  ] as const;
  return (
    <Drawer
      title={of.name}
      label={`Key ${of.name}`}
      onClose={onClose}
      foot={
        of.state === "active" && (
          <Button kind="danger" onClick={() => (revoking.value = true)}>
            Revoke
          </Button>
        )
      }
    >
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
      <section>
        <h3>May</h3>
        <ul class="choices">
          {of.scopes.map((scope) => (
            <li key={scope}>
              <code>{scope}</code>
            </li>
          ))}
        </ul>
      </section>
      {revoking.value && <Revoke of={of} onChanged={onChanged} onClose={() => (revoking.value = false)} />}
    </Drawer>
  );
}
