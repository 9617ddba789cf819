import { useSignal } from "@preact/signals";
import type { Conversation } from "../../../contract/rooms.ts";
import { roomsApi } from "../../../sdk/api/rooms.ts";
import type { MeridianUser } from "../../../sdk/user.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { When } from "../../ui/when.tsx";
import { Avatar } from "./avatar.tsx";
import { useInbox } from "./use-inbox.ts";

interface Props {
  readonly user: MeridianUser;
  readonly own: string;
  readonly open: string | undefined;
  readonly choose: (room: string) => void;
}

/** One's conversations, the newest first. */
export function Conversations({ user, own, open, choose }: Props) {
  const list = useResource(own, async (signal) => await roomsApi(user.request).list({ limit: 100 }, { signal }));
  useInbox(user, list.reload);
  const found = list.data.value?.items;
  const error = list.error.value;
  return (
    <div class="chat-conversations">
      <Start user={user} choose={choose} />
      {found === undefined && error ? (
        <ErrorState
          failure={{ title: "Your conversations could not be read", detail: error.detail, requestId: error.requestId }}
          onRetry={list.reload}
        />
      ) : found === undefined ? (
        <Skeleton rows={5} />
      ) : found.length === 0 ? (
        <EmptyState title="No conversations yet">Open a room by its name, or write to somebody.</EmptyState>
      ) : (
        <ul>
          {found.map((one) => (
            <li key={one.room}>
              <Entry of={one} isOpen={one.room === open} choose={choose} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function titleOf({ title, peerName, peer, room }: Pick<Conversation, "title" | "peerName" | "peer" | "room">): string {
  return title || peerName || peer?.slice(peer.indexOf("|") + 1) || room;
}

function Entry({ of, isOpen, choose }: { of: Conversation; isOpen: boolean; choose: (room: string) => void }) {
  const title = titleOf(of);
  return (
    <button type="button" class="chat-entry" aria-current={isOpen ? "true" : undefined} onClick={() => choose(of.room)}>
      <Avatar name={title} id={of.peer ?? of.room} />
      <span class="chat-entry-text">
        <strong>{title}</strong>
        <span class="muted">
          {of.state === "invited" ? "You are invited" : of.last ? `${of.last.senderName}: ${of.last.text}` : "Nothing was said yet"}
        </span>
      </span>
      <span class="chat-entry-side">
        {of.last && <When at={of.last.at} />}
        {of.unread > 0 && (
          <span
            class={`chat-count${of.mentions > 0 ? " mentioned" : ""}`}
            aria-label={`${of.unread} unread${of.mentions > 0 ? ", you are mentioned" : ""}`}
          >
            {of.mentions > 0 ? "@" : ""}
            {of.unread > 999 ? "999+" : of.unread}
          </span>
        )}
      </span>
    </button>
  );
}

/** A room by its name, made when there is none; or a person by their id. */
function Start({ user, choose }: Pick<Props, "user" | "choose">) {
  const text = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const start = async () => {
    const wanted = text.value.trim();
    if (wanted === "") return;
    busy.value = true;
    problem.value = undefined;
    try {
      if (wanted.startsWith("@")) {
        const { room } = await roomsApi(user.request).create({ kind: "direct", members: [wanted.slice(1)] });
        choose(room);
      } else choose(wanted.toLowerCase().replaceAll(/[^a-z0-9-]+/g, "-"));
      text.value = "";
    } catch (error) {
      problem.value = asError(error).detail;
    } finally {
      busy.value = false;
    }
  };
  return (
    <form
      class="chat-start"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <input
        aria-label="Room name, or @ and a person's id"
        placeholder="room name, or @person"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <Button type="submit" busy={busy.value}>
        Open
      </Button>
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
    </form>
  );
}
