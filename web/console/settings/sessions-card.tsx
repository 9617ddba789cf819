import { useSignal } from "@preact/signals";
import type { Session } from "../../../contract/second-factors.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { failureOf, PageError } from "../page-error.tsx";

/** Every session of this person, and the end of each. */
export function SessionsCard() {
  const sessions = useResource("sessions", (signal) => api.auth.sessions({ signal }));
  const busy = useSignal(false);
  const items = sessions.data.value?.items;
  const others = items?.filter(({ current }) => !current).length ?? 0;
  const end = async (work: () => Promise<unknown>, words: string) => {
    busy.value = true;
    try {
      await work();
      toast(words);
    } catch (failure) {
      toast(asError(failure).detail, { tone: "critical" });
    }
    sessions.reload();
    busy.value = false;
  };
  const endOthers = () =>
    void end(
      async () => await api.auth.endOtherSessions(),
      others === 1 ? "The other session has ended." : `${others} other sessions have ended.`,
    );
  return (
    <Card title="Where you are signed in">
      {!items && sessions.error.value && (
        <PageError failure={failureOf(sessions.error.value, "Your sessions could not be read")} onRetry={sessions.reload} />
      )}
      {!items && !sessions.error.value && <Skeleton rows={2} />}
      <ul class="sessions">
        {items?.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            busy={busy.value}
            onEnd={() => void end(async () => await api.auth.endSession(session.id), `${nameOf(session)} is signed out.`)}
          />
        ))}
      </ul>
      {others > 0 && (
        <div class="actions sessions-end">
          <Button busy={busy.value} onClick={endOthers}>
            Sign out everywhere else
          </Button>
        </div>
      )}
    </Card>
  );
}

function nameOf({ device }: Session): string {
  return device ?? "A program that does not say its name";
}

function SessionRow({ session, busy, onEnd }: { session: Session; busy: boolean; onEnd: () => void }) {
  return (
    <li>
      <div>
        <div>
          {nameOf(session)}
          {session.current && <strong> · this browser</strong>}
        </div>
        <div class="muted">
          seen <When at={session.lastSeenAt} />, signed in <When at={session.createdAt} />
          {session.network !== null && ` from ${session.network}`}
        </div>
      </div>
      {!session.current && (
        <Button kind="quiet" busy={busy} onClick={onEnd}>
          Sign out
        </Button>
      )}
    </li>
  );
}
