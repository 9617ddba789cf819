import { useSignal } from "@preact/signals";
import type { Subject } from "../../../contract/subjects.ts";
import { plural } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { originWords } from "./subject-words.ts";

interface Who {
  readonly issuer: string;
  readonly sub: string;
}

function SignOut({ of, onDone, onClose }: { of: Subject; onDone: () => void; onClose: () => void }) {
  return (
    <Confirm
      title={`Sign ${of.name || of.sub} out everywhere`}
      verb="Sign out everywhere"
      onClose={onClose}
      act={async () => {
        const { closedSockets } = await api.tokens.revoke({ kind: "subject", issuer: of.issuer, sub: of.sub });
        toast(`Signed out. ${plural(closedSockets, "socket")} closed.`);
        onDone();
      }}
    >
      <p>
        Within 2 seconds every token of this person is refused, {plural(of.sessions.length, "session")} cannot be renewed any more, and
        their sockets close. They may sign in again.
      </p>
    </Confirm>
  );
}

function Delete({ of, onDone, onClose }: { of: Subject; onDone: () => void; onClose: () => void }) {
  return (
    <Confirm
      title={`Delete ${of.name || of.sub}`}
      typed={of.name || of.sub}
      verb="Delete this person"
      onClose={onClose}
      act={async () => {
        await api.subjects.remove(of.issuer, of.sub);
        toast("Deleted. What other capabilities hold of this person follows within seconds.");
        onDone();
        onClose();
      }}
    >
      <p>
        The account, its sessions and everything that belongs to this person in any capability is deleted. Events and the audit log keep
        only <code>{of.ref}</code>, from which nobody can be read. This cannot be undone.
      </p>
    </Confirm>
  );
}

/** One end user: who says so, where they are signed in, and how to end it. */
export function SubjectDrawer({ who, onChanged, onClose }: { who: Who; onChanged: () => void; onClose: () => void }) {
  const found = useResource(`subject:${who.issuer}|${who.sub}`, (signal) => api.subjects.get(who.issuer, who.sub, { signal }));
  const asking = useSignal<"sign-out" | "delete" | undefined>(undefined);
  const of = found.data.value;
  if (!of) {
    return (
      <Drawer title="End user" label="End user" onClose={onClose}>
        {found.error.value ? (
          <PageError failure={failureOf(found.error.value, "This end user could not be read")} onRetry={found.reload} />
        ) : (
          <Skeleton rows={5} />
        )}
      </Drawer>
    );
  }
  const done = () => {
    found.reload();
    onChanged();
  };
  const facts = [
    ["Is", originWords(of)],
    ["Email", of.email === null ? "none" : `${of.email}${of.emailVerified ? "" : " (not proved)"}`],
    ["Issuer", of.issuer],
    ["Sub", <code>{of.sub}</code>],
    [
      "In logs",
      <>
        <code>{of.ref}</code> <CopyButton text={of.ref} label="Copy what logs call this person" />
      </>,
    ],
    ["First seen", <When at={of.createdAt} />],
    ["Last seen", <When at={of.lastSeenAt} />],
  ] as const;
  return (
    <Drawer
      title={of.name || of.sub}
      label={`End user ${of.name || of.sub}`}
      onClose={onClose}
      foot={
        <>
          {can("tokens:revoke") && <Button onClick={() => (asking.value = "sign-out")}>Sign out everywhere</Button>}
          {can("subjects:manage") && (
            <Button kind="danger" onClick={() => (asking.value = "delete")}>
              Delete
            </Button>
          )}
        </>
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
        <h3>Signed in</h3>
        {of.sessions.length === 0 && (
          <p class="muted">Nowhere that could be renewed. A token that was made before may live for up to an hour.</p>
        )}
        <ul class="sessions">
          {of.sessions.map(({ id, userAgent, createdAt, lastUsedAt, keyId }) => (
            <li key={id}>
              <div>
                <div>{keyId === null ? userAgent || "a program that does not say its name" : `minted with key ${keyId}`}</div>
                <div class="muted">
                  since <When at={createdAt} />, renewed <When at={lastUsedAt} />
                </div>
              </div>
            </li>
          ))}
        </ul>
      </section>
      {asking.value === "sign-out" && <SignOut of={of} onDone={done} onClose={() => (asking.value = undefined)} />}
      {asking.value === "delete" && (
        <Delete
          of={of}
          onDone={onChanged}
          onClose={() => {
            asking.value = undefined;
            onClose();
          }}
        />
      )}
    </Drawer>
  );
}
