import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Paperclip, SendHorizontal, X } from "lucide";
import { ROOM_LIMITS } from "../../../contract/room-limits.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { thumbnailOf } from "./media.ts";
import type { OpenRoom } from "./use-room.ts";

const encoder = new TextEncoder();

/** Where one writes: Enter sends, Shift-Enter makes a line, a file is dropped or chosen. */
export function Composer({ opened, own, replyTo }: { opened: OpenRoom; own: string; replyTo: Signal<number | null> }) {
  const { client, api, members, view } = opened;
  void opened.turn.value;
  const text = useSignal("");
  const problem = useSignal<string | undefined>(undefined);
  const uploading = useSignal(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const file = useRef<HTMLInputElement>(null);

  const me = view.value?.me;
  const mute = me?.mutedUntil ? Date.parse(me.mutedUntil) : 0;
  const readsOnly = me?.role === "reader" || (view.value?.kind === "channel" && me?.role === "member");
  const send = async (mediaId: string | null = null) => {
    const said = text.value.trim();
    if (said === "" && mediaId === null) return;
    if (encoder.encode(said).byteLength > ROOM_LIMITS.textBytes) {
      problem.value = `A message has at most ${ROOM_LIMITS.textBytes / 1_024} KiB. Send it as a file.`;
      return;
    }
    problem.value = undefined;
    const taken = await client.send({ text: said, mediaId, replyTo: replyTo.value, mentions: mentionsIn(said, members.value) });
    if (!taken) {
      problem.value = "A thousand messages wait for a connection already. Discard some, or come back when there is one.";
      return;
    }
    text.value = "";
    replyTo.value = null;
    field.current?.focus();
  };
  const attach = async (chosen: File) => {
    problem.value = undefined;
    if (chosen.size > ROOM_LIMITS.mediaBytes) {
      problem.value = `A file has at most ${ROOM_LIMITS.mediaBytes / 1_048_576} MiB.`;
      return;
    }
    uploading.value = true;
    try {
      const drawn = await thumbnailOf(chosen);
      const { mediaId } = await api.upload(client.room, chosen, {
        ...(drawn && { width: drawn.width, height: drawn.height }),
        ...(drawn?.small && { thumbnail: drawn.small }),
      });
      await send(mediaId);
    } catch (error) {
      problem.value = asError(error).detail;
    } finally {
      uploading.value = false;
    }
  };

  const typing = client.typing.filter((one) => one !== own).map((one) => members.value.get(one)?.name || "somebody");
  const answered = replyTo.value === null ? undefined : client.messages.find(({ offset }) => offset === replyTo.value);
  return (
    <footer class="composer">
      <p class="typing muted" aria-live="polite">
        {typing.length === 0
          ? ""
          : typing.length > 3
            ? "several people are typing…"
            : `${typing.join(", ")} ${typing.length === 1 ? "is" : "are"} typing…`}
      </p>
      {replyTo.value !== null && (
        <p class="replying muted">
          Replying to {answered ? `${answered.senderName}: ${answered.text.slice(0, 80)}` : "a message"}
          <Button kind="quiet" icon={X} label="No reply" onClick={() => (replyTo.value = null)} />
        </p>
      )}
      {readsOnly ? (
        <p class="muted">You can read here; only some can write.</p>
      ) : mute > Date.now() ? (
        <p class="muted">You are muted until {new Date(mute).toLocaleString()}.</p>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            const dropped = event.dataTransfer?.files[0];
            if (dropped) void attach(dropped);
          }}
        >
          <input
            ref={file}
            type="file"
            hidden
            aria-label="A file to send"
            onChange={(event) => {
              const chosen = event.currentTarget.files?.[0];
              event.currentTarget.value = "";
              if (chosen) void attach(chosen);
            }}
          />
          <Button kind="quiet" icon={Paperclip} label="Send a file" busy={uploading.value} onClick={() => file.current?.click()} />
          <textarea
            ref={field}
            rows={1}
            aria-label="Message"
            placeholder="Message"
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
              client.type(text.value !== "");
            }}
            onBlur={() => client.type(false)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
              event.preventDefault();
              void send();
            }}
            onPaste={(event) => {
              const pasted = event.clipboardData?.files[0];
              if (pasted) {
                event.preventDefault();
                void attach(pasted);
              }
            }}
          />
          <Button type="submit" kind="primary" icon={SendHorizontal} label="Send" />
        </form>
      )}
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
    </footer>
  );
}

/** People whose name stands behind an @. */
function mentionsIn(text: string, members: ReadonlyMap<string, { readonly name: string }>): string[] {
  if (!text.includes("@")) return [];
  const lower = text.toLowerCase();
  return [...members].filter(([, { name }]) => name !== "" && lower.includes(`@${name.toLowerCase()}`)).map(([subject]) => subject);
}
