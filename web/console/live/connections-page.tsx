import { useSignal } from "@preact/signals";
import type { Connection } from "../../../contract/realtime.ts";
import { formatValue, plural } from "../../lib/format.ts";
import { place, setQuery } from "../../lib/location.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { can, me } from "../session.ts";
import { StaleNotice } from "./stale-notice.tsx";
import "./realtime.css";

const EVERY_MS = 5_000;
const SHOWN = 500;
const UNREAD_WARN = 256 * 1_024;

/** Every live socket that was reported: whose it is, where, how busy, and a way to end it. */
export default function ConnectionsPage() {
  const { search } = place.value;
  const object = readQuery(search, "object") || undefined;
  const connections = useResource(
    `connections ${object ?? ""}`,
    async (signal) => await api.realtime.connections({ limit: SHOWN, ...(object !== undefined && { object }) }, { signal }),
    EVERY_MS,
  );
  const ending = useSignal<Connection | undefined>(undefined);
  const found = connections.data.value;
  const error = connections.error.value;
  if (!found)
    return error ? (
      <ErrorState
        failure={{ title: "Connections could not be read", detail: error.detail, requestId: error.requestId }}
        onRetry={connections.reload}
      />
    ) : (
      <Skeleton rows={8} />
    );
  const behind = found.items.filter(({ unreadBytes }) => unreadBytes > UNREAD_WARN).length;
  const operates = can("realtime:operate");
  return (
    <>
      <PageHead
        tone={found.total === 0 ? "muted" : behind > 0 ? "warn" : "ok"}
        headline={
          found.total === 0
            ? "Nobody is connected"
            : behind > 0
              ? `${plural(behind, "reader")} fall behind`
              : plural(found.total, "live socket")
        }
        detail={object === undefined ? "The hundred busiest of each room and hub, as they reported last." : `Of ${object}.`}
      />
      {error && <StaleNotice what="Connections" failure={error} at={connections.at.value} />}
      {found.total === 0 ? (
        <EmptyState title="No live socket was reported">
          Rooms and hubs report within a minute of their first message, and each five seconds while this page is open.
        </EmptyState>
      ) : (
        <Table
          name="connections"
          label="Connections"
          columns={columns(operates, (one) => (ending.value = one))}
          rows={found.items}
          id={({ id }) => id}
          bar={
            <>
              {object !== undefined && (
                <Button kind="quiet" onClick={() => setQuery({ object: null })}>
                  All rooms and hubs
                </Button>
              )}
              {object?.startsWith("room/") && (
                <a class="link" href={`/console/live/rooms/${object.slice("room/".length)}`}>
                  History of the room
                </a>
              )}
            </>
          }
        />
      )}
      {ending.value && <EndOne one={ending.value} done={connections.reload} onClose={() => (ending.value = undefined)} />}
    </>
  );
}

/** Oneself by that name; others as their object knows them. */
function whoWords({ subject, actor }: Connection): string {
  return actor === `user:${me.value?.id ?? ""}` ? "you" : (subject ?? actor);
}

function columns(operates: boolean, end: (one: Connection) => void): readonly [Column<Connection>, ...Column<Connection>[]] {
  return [
    { key: "who", title: "Who", value: whoWords },
    {
      key: "object",
      title: "Where",
      value: ({ object }) => object,
      cell: ({ object }) => (
        <a class="link" href={`?object=${encodeURIComponent(object)}`}>
          {object}
        </a>
      ),
    },
    { key: "channels", title: "Follows", wide: true, value: ({ channels }) => channels.join(", ") },
    {
      key: "age",
      title: "Since",
      number: true,
      wide: true,
      value: ({ openedAt }) => openedAt,
      cell: ({ openedAt }) => <When at={openedAt} />,
    },
    {
      key: "pace",
      title: "Frames",
      number: true,
      wide: true,
      value: ({ framesPerSecond }) => framesPerSecond,
      cell: ({ framesPerSecond }) => formatValue(framesPerSecond, "perSecond"),
    },
    { key: "reconnects", title: "Came back", number: true, wide: true, value: ({ reconnects }) => reconnects },
    {
      key: "unread",
      title: "Unread",
      number: true,
      value: ({ unreadBytes }) => unreadBytes,
      cell: ({ unreadBytes }) => formatValue(unreadBytes, "bytes"),
    },
    ...(operates
      ? [
          {
            key: "end",
            title: "End",
            acts: true,
            value: () => "",
            cell: (one: Connection) => (
              <Button kind="quiet" onClick={() => end(one)}>
                End
              </Button>
            ),
          },
        ]
      : []),
  ];
}

function EndOne({ one, done, onClose }: { one: Connection; done: () => void; onClose: () => void }) {
  return (
    <Confirm
      title="End this connection"
      verb="End it"
      onClose={onClose}
      act={async () => {
        try {
          await api.realtime.end(one.id, one.object);
          toast(`The connection of ${whoWords(one)} has ended.`);
        } catch (failure) {
          // It was reported a while ago, and has gone by itself.
          if (asError(failure).slug !== "not-found") throw failure;
          toast(`The connection of ${whoWords(one)} had ended already.`);
        }
        done();
      }}
    >
      <p>
        The socket of <strong>{whoWords(one)}</strong> at {one.object} is closed. The person may come back; to keep them out, ban them in
        the room or revoke their token.
      </p>
    </Confirm>
  );
}
