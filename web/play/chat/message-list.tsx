import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { formatDay } from "./days.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState, Notice } from "../../ui/states.tsx";
import { MessageRow, UnsentRow } from "./message-row.tsx";
import { rowsOf } from "./rows.ts";
import type { OpenRoom } from "./use-room.ts";
import { useScroll } from "./use-scroll.ts";

interface Props {
  readonly opened: OpenRoom;
  readonly own: string;
  /** Members beside oneself. */
  readonly others: number;
  readonly reply: (offset: number) => void;
}

/** What was said, as long as it is, with as little drawn as is seen. */
export function MessageList({ opened, own, others, reply }: Props) {
  const { client, view, turn } = opened;
  void turn.value;
  const { messages, unsent, range } = client;
  // The line stays where it was when the room was opened, however much is read meanwhile.
  const readAtOpen = useRef<number | null>(null);
  readAtOpen.current ??= view.value?.me?.readOffset ?? null;
  const rows = useMemo(
    () => rowsOf({ messages, unsent, own, readOffset: readAtOpen.current, dayOf: formatDay }),
    [messages, unsent.map(({ clientId, state }) => `${clientId} ${state}`).join(), readAtOpen.current],
  );
  const keys = useMemo(() => rows.map(({ key }) => key), [rows]);
  const loading = useSignal(false);
  // Drawn again when a page has come: the reader may have reached the top of it already, where no scrolling tells of it.
  void loading.value;
  const failed = useSignal(false);
  const load = (work: () => Promise<void>) => {
    if (loading.value) return;
    loading.value = true;
    work()
      .then(
        () => (failed.value = false),
        () => (failed.value = true),
      )
      .finally(() => (loading.value = false));
  };
  const scroll = useScroll(
    keys,
    () => range.hasOlder && !failed.value && load(async () => await client.loadOlder()),
    () => range.hasNewer && !failed.value && load(async () => await client.loadNewer()),
  );

  const newest = messages.at(-1)?.offset ?? 0;
  const seen = useRef(newest);
  const isRead = scroll.atEnd && !range.hasNewer && typeof document !== "undefined" && !document.hidden;
  useEffect(() => {
    if (!isRead || newest === 0) return;
    seen.current = newest;
    client.read(newest);
  }, [isRead, newest]);
  const fresh = messages.filter(({ offset, sender }) => offset > seen.current && sender !== own).length;

  const jump = (offset: number) => {
    void client.jumpTo(offset).then(() => {
      requestAnimationFrame(() => {
        const index = rowsOf({ messages: client.messages, unsent: [], own, readOffset: readAtOpen.current, dayOf: formatDay }).findIndex(
          (row) => row.type === "message" && row.message.offset === offset,
        );
        if (index !== -1) scroll.toRow(index);
      });
    });
  };
  return (
    <div class="messages-frame">
      {failed.value && (
        <Notice tone="warn">
          Older messages could not be read.{" "}
          <Button
            kind="quiet"
            onClick={() => {
              failed.value = false;
              load(async () => await client.loadOlder());
            }}
          >
            Try again
          </Button>
        </Notice>
      )}
      <div class="messages" ref={scroll.scroller} role="log" aria-label="Messages" aria-live="polite" tabIndex={0} data-testid="messages">
        {rows.length === 0 && <EmptyState title="Nothing was said here yet">The first message is yours.</EmptyState>}
        <div style={{ height: `${scroll.before}px` }} />
        {rows.slice(scroll.from, scroll.to).map((row, at) => (
          <div key={row.key} class="row" ref={scroll.row(row.key)} data-index={scroll.from + at} data-key={row.key}>
            {row.type === "day" ? (
              <p class="day">
                <span>{formatDay(row.at)}</span>
              </p>
            ) : row.type === "unread" ? (
              <p class="unread-line">
                <span>New</span>
              </p>
            ) : row.type === "unsent" ? (
              <UnsentRow opened={opened} unsent={row.unsent} first={row.first} own={own} />
            ) : (
              <MessageRow opened={opened} message={row.message} first={row.first} own={own} others={others} reply={reply} jump={jump} />
            )}
          </div>
        ))}
        <div style={{ height: `${scroll.after}px` }} />
      </div>
      {(!scroll.atEnd || range.hasNewer) && (
        <Button
          class="to-newest"
          onClick={() => {
            if (range.hasNewer) void client.jumpToNewest().then(scroll.toEnd);
            else scroll.toEnd();
          }}
        >
          {fresh > 0 ? `${fresh} new ↓` : "Newest ↓"}
        </Button>
      )}
    </div>
  );
}
