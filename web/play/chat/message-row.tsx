import { useSignal } from "@preact/signals";
import { Check, CheckCheck, Clock, CornerUpLeft, Pencil, SmilePlus, Trash2, TriangleAlert } from "lucide";
import type { Message } from "../../../contract/rooms.ts";
import type { Unsent } from "../../../sdk/room-queue.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { toast } from "../../ui/toast.tsx";
import { Avatar } from "./avatar.tsx";
import { formatTime } from "./days.ts";
import { MediaBox } from "./media-box.tsx";
import { ticksOf, ticksText } from "./ticks.ts";
import type { OpenRoom } from "./use-room.ts";

const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "🙏"];

interface RowProps {
  readonly opened: OpenRoom;
  readonly message: Message;
  /** The first of its sender's: with name and picture. */
  readonly first: boolean;
  readonly own: string;
  readonly others: number;
  readonly reply: (offset: number) => void;
  readonly jump: (offset: number) => void;
}

export function MessageRow({ opened, message, first, own, others, reply, jump }: RowProps) {
  const { client, members, view } = opened;
  const editing = useSignal(false);
  const picking = useSignal(false);
  const isOwn = message.sender === own;
  if (message.kind === "system") return <p class="system-line muted">{message.text}</p>;
  const member = members.value.get(message.sender);
  const name = message.senderName || member?.name || message.sender;
  const role = view.value?.me?.role;
  const act = (work: () => Promise<void>) => {
    work().catch((error: unknown) => toast(asError(error).detail, { tone: "critical" }));
  };
  const react = (emoji: string) => {
    picking.value = false;
    const mine = message.reactions.some((one) => one.emoji === emoji && one.by.includes(own));
    act(async () => await client.react(message.offset, emoji, !mine));
  };
  const answered = message.replyTo === null ? undefined : client.messages.find(({ offset }) => offset === message.replyTo);
  return (
    <article class={`message${first ? " first" : ""}${isOwn ? " own" : ""}`} data-offset={message.offset}>
      <span class="message-side">{first && <Avatar name={name} id={message.sender} url={member?.avatarUrl ?? null} />}</span>
      <div class="message-body">
        {first && (
          <header>
            <strong>{name}</strong> <time class="muted">{formatTime(message.at)}</time>
          </header>
        )}
        {message.replyTo !== null && (
          <button type="button" class="quoted" onClick={() => jump(message.replyTo ?? 0)}>
            {answered ? `${answered.senderName}: ${answered.text.slice(0, 120) || "a file"}` : "an earlier message"}
          </button>
        )}
        {message.deletedAt !== null ? (
          <p class="muted tombstone">This message was deleted.</p>
        ) : editing.value ? (
          <Edit
            message={message}
            done={() => (editing.value = false)}
            save={(text) => act(async () => await client.edit(message.offset, text))}
          />
        ) : (
          <>
            {message.mediaId !== null && <MediaBox opened={opened} mediaId={message.mediaId} media={message.media} />}
            {message.text !== "" && (
              <p class="message-text">
                <Words text={message.text} isMention={message.mentions.includes(own)} />
                {message.editedAt !== null && <span class="muted"> (edited)</span>}
              </p>
            )}
          </>
        )}
        {message.reactions.length > 0 && (
          <p class="reactions">
            {message.reactions.map(({ emoji, count, by }) => (
              <button
                key={emoji}
                type="button"
                aria-pressed={by.includes(own)}
                onClick={() => react(emoji)}
                title={by.map((one) => members.value.get(one)?.name ?? one).join(", ")}
              >
                {emoji} {count}
              </button>
            ))}
          </p>
        )}
        {picking.value && (
          <p class="reactions" role="group" aria-label="React">
            {QUICK.map((emoji) => (
              <button key={emoji} type="button" onClick={() => react(emoji)}>
                {emoji}
              </button>
            ))}
          </p>
        )}
      </div>
      <span class="message-end">
        {isOwn && message.deletedAt === null && <TickMark opened={opened} offset={message.offset} own={own} others={others} />}
        {message.deletedAt === null && (
          <span class="message-acts">
            <Button kind="quiet" icon={SmilePlus} label="React" onClick={() => (picking.value = !picking.value)} />
            <Button kind="quiet" icon={CornerUpLeft} label="Reply" onClick={() => reply(message.offset)} />
            {isOwn && message.text !== "" && <Button kind="quiet" icon={Pencil} label="Edit" onClick={() => (editing.value = true)} />}
            {(isOwn || role === "owner" || role === "admin") && (
              <Button kind="quiet" icon={Trash2} label="Delete" onClick={() => act(async () => await client.erase(message.offset))} />
            )}
          </span>
        )}
      </span>
    </article>
  );
}

/** Plain words; addresses of the web become links. */
function Words({ text, isMention }: { text: string; isMention: boolean }) {
  const parts = text.split(/(https?:\/\/[^\s<>"]+)/u);
  return (
    <span class={isMention ? "mention" : undefined}>
      {parts.map((part, at) =>
        at % 2 === 1 ? (
          <a key={at} href={part} target="_blank" rel="noopener noreferrer nofollow">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </span>
  );
}

function TickMark({ opened, offset, own, others }: { opened: OpenRoom; offset: number; own: string; others: number }) {
  const ticks = ticksOf(offset, opened.client.receipts, own, others);
  const words = ticksText(ticks);
  return (
    <span class={`ticks ${ticks.state}`} title={words}>
      <Icon of={ticks.state === "sent" ? Check : CheckCheck} label={words} />
    </span>
  );
}

function Edit({ message, save, done }: { message: Message; save: (text: string) => void; done: () => void }) {
  const text = useSignal(message.text);
  return (
    <form
      class="message-edit"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.value.trim() !== "" && text.value !== message.text) save(text.value);
        done();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") done();
      }}
    >
      <textarea aria-label="The message" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} rows={2} />
      <Button type="submit" kind="primary">
        Save
      </Button>
      <Button kind="quiet" onClick={done}>
        Cancel
      </Button>
    </form>
  );
}

interface UnsentProps {
  readonly opened: OpenRoom;
  readonly unsent: Unsent;
  readonly first: boolean;
  readonly own: string;
}

/** A message that is on its way, or was refused. */
export function UnsentRow({ opened, unsent, first, own }: UnsentProps) {
  const { client } = opened;
  const failed = unsent.state === "failed";
  const words = failed ? "failed" : client.status.light === "live" ? "sending" : "waits for a connection";
  return (
    <article class={`message own unsent${first ? " first" : ""}${failed ? " failed" : ""}`}>
      <span class="message-side">{first && <Avatar name={opened.members.value.get(own)?.name ?? "You"} id={own} />}</span>
      <div class="message-body">
        {unsent.message.mediaId !== null && <p class="muted">A file</p>}
        {unsent.message.text !== "" && <p class="message-text">{unsent.message.text}</p>}
        {failed && (
          <p class="field-error" role="alert">
            {unsent.error?.detail ?? "It was not taken."}{" "}
            <Button kind="quiet" onClick={() => client.retry(unsent.clientId)}>
              Try again
            </Button>
            <Button kind="quiet" onClick={() => client.discard(unsent.clientId)}>
              Discard
            </Button>
          </p>
        )}
      </div>
      <span class="message-end">
        <span class="ticks" title={words}>
          <Icon of={failed ? TriangleAlert : Clock} label={words} />
        </span>
      </span>
    </article>
  );
}
