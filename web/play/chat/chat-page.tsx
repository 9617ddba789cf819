import { place, setQuery } from "../../lib/location.ts";
import { readQuery } from "../../lib/url-state.ts";
import { EmptyState, Skeleton } from "../../ui/states.tsx";
import { Toasts } from "../../ui/toast.tsx";
import { UserSignIn } from "../../user/sign-in.tsx";
import type { UserState } from "../../user/user-state.ts";
import { Conversations } from "./conversations.tsx";
import { RoomPane } from "./room-pane.tsx";

/** The chat: conversations on the left, the open one on the right; on a phone one of the two. */
export function ChatPage({ state, slug }: { state: UserState; slug: string }) {
  const room = readQuery(place.value.search, "room") || undefined;
  const subject = state.subject.value;
  if (subject === undefined) return <Skeleton rows={6} />;
  if (subject === null)
    return (
      <main class="chat-door">
        <h1>
          Chat <span class="muted">{slug}</span>
        </h1>
        <p class="muted">Come in to talk: with an account, or as a guest.</p>
        <UserSignIn state={state} />
      </main>
    );
  const own = `${subject.issuer}|${subject.sub}`;
  return (
    <main class="chat" data-shows={room === undefined ? "list" : "room"}>
      <nav class="chat-list" aria-label="Conversations">
        <header class="chat-list-head">
          {room === undefined ? <h1>Chat</h1> : <p class="chat-name">Chat</p>}
          <span class="muted" title={own}>
            {subject.name}
          </span>
        </header>
        <Conversations user={state.user} own={own} open={room} choose={(id) => setQuery({ room: id })} />
        <details class="chat-self">
          <summary>{subject.guest ? "You are here as a guest" : "Your account"}</summary>
          <UserSignIn state={state} />
        </details>
      </nav>
      <section class="chat-main" aria-label="Conversation">
        {room === undefined ? (
          <EmptyState title="No conversation is open">Choose one on the left, or start one.</EmptyState>
        ) : (
          <RoomPane key={`${own}\n${room}`} user={state.user} owner={`${slug} ${own}`} own={own} name={subject.name} room={room} />
        )}
      </section>
      <Toasts />
    </main>
  );
}
