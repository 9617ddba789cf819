import { useSignal } from "@preact/signals";
import type { Message } from "../../../contract/rooms.ts";
import { formatExact, plural } from "../../lib/format.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { can } from "../session.ts";

const PAGE = 50;

/** A room as an operator sees it: what was said, who got it, and a way to take a message back. */
export function RoomDrawer({ room, onClose }: { room: string; onClose: () => void }) {
  const before = useSignal<number | undefined>(undefined);
  const about = useResource(`room ${room}`, async (signal) => await api.rooms.get(room, { signal }), 5_000);
  const history = useResource(
    `history ${room} ${before.value ?? ""}`,
    async (signal) =>
      await api.rooms.messages(room, { limit: PAGE, ...(before.value !== undefined && { before: before.value }) }, { signal }),
  );
  const page = history.data.value;
  const view = about.data.value;
  const error = history.error.value;
  const oldest = page?.items[0]?.offset;
  return (
    <Drawer title={view?.title || room} label={`Room ${room}`} onClose={onClose}>
      {view && (
        <p class="muted">
          {view.kind}, {plural(view.members, "member")}, {plural(view.messages, "message")}. Log {view.epoch}:{view.offset}, made{" "}
          <When at={view.createdAt} />.{" "}
          <a class="link" href={`/console/live/connections?object=${encodeURIComponent(`room/${room}`)}`}>
            Its connections
          </a>
        </p>
      )}
      {!page ? (
        error ? (
          <ErrorState
            failure={{ title: "The history could not be read", detail: error.detail, requestId: error.requestId }}
            onRetry={history.reload}
          />
        ) : (
          <Skeleton rows={8} />
        )
      ) : page.items.length === 0 ? (
        <EmptyState title="Nothing was said here">Messages show as they come.</EmptyState>
      ) : (
        <>
          <div class="actions">
            {page.hasMore && oldest !== undefined && <Button onClick={() => (before.value = oldest)}>Older</Button>}
            {before.value !== undefined && <Button onClick={() => (before.value = undefined)}>Newest</Button>}
          </div>
          <ol class="rt-history">
            {page.items.toReversed().map((message) => (
              <Entry key={message.offset} room={room} message={message} changed={history.reload} />
            ))}
          </ol>
        </>
      )}
    </Drawer>
  );
}

function Entry({ room, message, changed }: { room: string; message: Message; changed: () => void }) {
  const traced = useSignal<string | undefined>(undefined);
  const trace = async () => {
    try {
      const { storedAt, fannedOutAt, members } = await api.rooms.trace(room, message.offset);
      const delivered = members.filter((one) => one.delivered).length;
      const read = members.filter((one) => one.read).length;
      traced.value = `Stored ${formatExact(storedAt)}, sent out ${fannedOutAt === null ? "by now" : `${fannedOutAt - storedAt} ms later`}, got by ${delivered} and read by ${read} of ${members.length}.`;
    } catch (error) {
      traced.value = asError(error).detail;
    }
  };
  const erase = async () => {
    try {
      await api.rooms.erase(room, message.offset);
      toast("The message is a tombstone now.");
      changed();
    } catch (error) {
      toast(asError(error).detail, { tone: "critical" });
    }
  };
  return (
    <li class="rt-message">
      <p class="muted">
        <strong>{message.senderName || message.sender}</strong> · <When at={message.at} /> · {message.offset}
      </p>
      <p class="rt-text">{message.deletedAt === null ? message.text || `a file, ${message.media?.type ?? "unknown"}` : "deleted"}</p>
      {traced.value && <p class="muted">{traced.value}</p>}
      <div class="actions">
        <Button kind="quiet" onClick={() => void trace()}>
          Who got it
        </Button>
        {can("rooms:write") && message.deletedAt === null && (
          <Button kind="quiet" onClick={() => void erase()}>
            Delete
          </Button>
        )}
      </div>
    </li>
  );
}
