import { useSignal } from "@preact/signals";
import type { Subject } from "../../../contract/subjects.ts";
import { plural } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState, Notice, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";
import { can } from "../session.ts";
import { lastRenewal, lastSeen, nameOf, originSentence, sessionWords, signOutWords, typedName } from "./subject-words.ts";

interface Who {
  readonly issuer: string;
  readonly sub: string;
}

interface AskProps {
  readonly of: Subject;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function SignOut({ of, onDone, onClose }: AskProps) {
  return (
    <Confirm
      title={`Sign ${nameOf(of)} out everywhere`}
      verb="Sign out everywhere"
      onClose={onClose}
      act={async () => {
        const { closedSockets } = await api.tokens.revoke({ kind: "subject", issuer: of.issuer, sub: of.sub });
        toast(`${nameOf(of)} is signed out everywhere; ${plural(closedSockets, "open socket")} closed.`);
        onDone();
      }}
    >
      <p>{signOutWords(of)}</p>
    </Confirm>
  );
}

function Delete({ of, onDone, onClose }: AskProps) {
  return (
    <Confirm
      title={`Delete ${nameOf(of)}`}
      typed={typedName(of)}
      verb="Delete this person"
      onClose={onClose}
      act={async () => {
        await api.subjects.remove(of.issuer, of.sub);
        toast(`${nameOf(of)} is deleted. What belongs to them elsewhere follows within seconds.`);
        onDone();
      }}
    >
      <p>
        The account, {plural(of.sessions.length, "session")} and everything that belongs to this person is deleted. Events and the audit log
        keep only <code>{of.ref}</code>, from which nobody can be read. This cannot be undone.
      </p>
    </Confirm>
  );
}

function Facts({ of }: { of: Subject }) {
  return (
    <dl class="facts">
      <dt>Is</dt>
      <dd>{originSentence(of)}</dd>
      <dt>Email</dt>
      <dd>{of.email === null ? <span class="muted">none</span> : `${of.email}${of.emailVerified ? "" : " (not proved)"}`}</dd>
      <dt>Issuer and sub</dt>
      <dd class="copyable">
        <code>{`${of.issuer}|${of.sub}`}</code> <CopyButton text={`${of.issuer}|${of.sub}`} label="Copy issuer and sub" />
      </dd>
      <dt>In logs</dt>
      <dd class="copyable">
        <code>{of.ref}</code> <CopyButton text={of.ref} label="Copy what logs call this person" />
      </dd>
      <dt>First seen</dt>
      <dd>
        <When at={of.createdAt} />
      </dd>
      <dt>Last seen</dt>
      <dd>
        <When at={lastSeen(of)} /> <span class="muted">(kept to the hour)</span>
      </dd>
    </dl>
  );
}

function Sessions({ of }: { of: Subject }) {
  return (
    <section>
      <h3>Signed in</h3>
      {of.sessions.length === 0 && (
        <p class="muted">Nowhere that could be renewed. A token that was issued before may still live for up to an hour.</p>
      )}
      <ul class="sessions">
        {of.sessions.map((session) => {
          const renewed = lastRenewal(session);
          return (
            <li key={session.id}>
              <div title={session.userAgent ?? undefined}>
                <div>{sessionWords(session)}</div>
                <div class="muted">
                  since <When at={session.createdAt} />
                  {renewed !== null && (
                    <>
                      , renewed <When at={renewed} />
                    </>
                  )}
                </div>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Where this person left traces. They are called by their digest there, never by name. */
function Traces({ of }: { of: Subject }) {
  if (!can("events:read") && !can("audit:read")) return null;
  return (
    <section>
      <h3>What happened</h3>
      {can("events:read") && (
        <p>
          <a href={`/console/control/events?subject=${encodeURIComponent(`subject/${of.ref}`)}`}>Events about them</a>
        </p>
      )}
      {can("audit:read") && (
        <p>
          <a href={`/console/control/audit?actor=${encodeURIComponent(`subject:${of.ref}`)}`}>What they did, in the audit log</a>
        </p>
      )}
    </section>
  );
}

/** One end user: who says so, where they are signed in, and how to end it. */
export function SubjectDrawer({ who, onChanged, onClose }: { who: Who; onChanged: () => void; onClose: () => void }) {
  const found = useResource(`subject:${who.issuer}|${who.sub}`, (signal) => api.subjects.get(who.issuer, who.sub, { signal }), 15_000);
  const asking = useSignal<"sign-out" | "delete" | undefined>(undefined);
  const of = found.data.value;
  const error = found.error.value;
  if (error?.status === 404) {
    return (
      <Drawer title="No such end user" label="No such end user" onClose={onClose}>
        <EmptyState title="Nobody is called that">They were deleted, or the address is mistyped.</EmptyState>
      </Drawer>
    );
  }
  if (!of) {
    return (
      <Drawer title="End user" label="End user" onClose={onClose}>
        {error ? <PageError failure={failureOf(error, "This end user could not be read")} onRetry={found.reload} /> : <Skeleton rows={5} />}
      </Drawer>
    );
  }
  const answered = () => (asking.value = undefined);
  return (
    <Drawer
      title={nameOf(of)}
      label={`End user ${nameOf(of)}`}
      onClose={onClose}
      foot={
        (can("tokens:revoke") || can("subjects:manage")) && (
          <>
            {can("tokens:revoke") && <Button onClick={() => (asking.value = "sign-out")}>Sign out everywhere</Button>}
            {can("subjects:manage") && (
              <Button kind="danger" onClick={() => (asking.value = "delete")}>
                Delete
              </Button>
            )}
          </>
        )
      }
    >
      {error && <Notice tone="warn">This could not be refreshed: {error.detail}</Notice>}
      <Facts of={of} />
      <Sessions of={of} />
      <Traces of={of} />
      {asking.value === "sign-out" && (
        <SignOut
          of={of}
          onDone={() => {
            found.reload();
            onChanged();
          }}
          onClose={answered}
        />
      )}
      {asking.value === "delete" && (
        <Delete
          of={of}
          onDone={() => {
            onChanged();
            onClose();
          }}
          onClose={answered}
        />
      )}
    </Drawer>
  );
}
