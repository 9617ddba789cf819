import { useSignal } from "@preact/signals";
import { ArrowLeft, Users } from "lucide";
import type { MeridianUser } from "../../../sdk/user.ts";
import { setQuery } from "../../lib/location.ts";
import { plural } from "../../lib/format.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { Composer } from "./composer.tsx";
import { connectionWords } from "./connection-words.ts";
import { Members } from "./members.tsx";
import { MessageList } from "./message-list.tsx";
import { useRoom } from "./use-room.ts";

interface Props {
  readonly user: MeridianUser;
  readonly owner: string;
  readonly own: string;
  readonly name: string;
  readonly room: string;
}

/** One conversation: who is in it, what was said, and a place to say something. */
export function RoomPane({ user, owner, own, room }: Props) {
  const opened = useRoom(user, room, owner);
  const { client, turn, view, members } = opened;
  const showsMembers = useSignal(false);
  const replyTo = useSignal<number | null>(null);
  void turn.value;

  const about = view.value;
  const others = [...members.value.values()].filter(({ subject, state }) => subject !== own && state === "active");
  const peer = about?.kind === "direct" ? others[0] : undefined;
  const title = about?.title || peer?.name || room;
  const online = [...client.presence.values()].filter(({ state }) => state !== "offline").length;
  const { refusal } = client;
  const light = connectionWords(client.status, client.unsent.length);
  return (
    <>
      <header class="room-head">
        <Button
          kind="quiet"
          icon={ArrowLeft}
          label="Back to the conversations"
          class="room-back"
          onClick={() => setQuery({ room: null })}
        />
        <div class="room-title">
          <h1>{title}</h1>
          <p class="muted">
            {about ? plural(about.members, "member") : "…"}, {online} here ·{" "}
            <span class={`room-light ${light.tone}`} role="status">
              {light.text}
            </span>
          </p>
        </div>
        <Button
          kind="quiet"
          icon={Users}
          label="Members"
          pressed={showsMembers.value}
          onClick={() => (showsMembers.value = !showsMembers.value)}
        />
      </header>
      {refusal && client.messages.length === 0 ? (
        refusal.code === "not-found" || refusal.code === "forbidden" ? (
          <EmptyState title="There is nothing here for you">The room does not exist, or you are not a member of it.</EmptyState>
        ) : (
          <ErrorState failure={{ title: "The room could not be read", detail: refusal.detail }} onRetry={() => client.retryNow()} />
        )
      ) : about === undefined && client.messages.length === 0 && client.status.light !== "live" ? (
        <Skeleton rows={8} />
      ) : (
        <MessageList opened={opened} own={own} others={others.length} reply={(offset) => (replyTo.value = offset)} />
      )}
      <Composer opened={opened} own={own} replyTo={replyTo} />
      {showsMembers.value && <Members opened={opened} own={own} onClose={() => (showsMembers.value = false)} />}
    </>
  );
}
