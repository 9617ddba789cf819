import type { RoomEntry } from "../../../contract/rooms.ts";
import { collect } from "../../lib/collect.ts";
import { plural } from "../../lib/format.ts";
import { go, place, setQuery } from "../../lib/location.ts";
import { useResource } from "../../lib/resource.ts";
import { readQuery } from "../../lib/url-state.ts";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import type { PageProps } from "../pages.ts";
import { RoomDrawer } from "./room-drawer.tsx";
import "./realtime.css";

const ROOMS = "/console/live/rooms";
const COLUMNS: readonly [Column<RoomEntry>, ...Column<RoomEntry>[]] = [
  { key: "room", title: "Room", value: ({ room }) => room },
  { key: "title", title: "Title", value: ({ title }) => title },
  { key: "kind", title: "Kind", value: ({ kind }) => kind },
  { key: "created", title: "Made", number: true, value: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <When at={createdAt} /> },
];

/** Every room of the tenant; one opens with its history and members. */
export default function RoomsPage({ params }: PageProps) {
  const rooms = useResource("rooms", (signal) => collect((page) => api.rooms.catalogue(page, { signal })));
  const query = readQuery(place.value.search, "q").toLowerCase();
  const { room } = params;
  return (
    <>
      {rooms.data.value && <PageHead tone="ok" headline={plural(rooms.data.value.length, "room")} />}
      <Listing
        of={rooms}
        what="rooms"
        empty={
          <EmptyState title="No room yet">
            People talk in rooms: a product makes them with POST /v1/rooms, or somebody opens one at /play/chat.
          </EmptyState>
        }
      >
        {(all) => {
          const shown = all.filter((one) => `${one.room} ${one.title}`.toLowerCase().includes(query));
          return (
            <Table
              name="rooms"
              label="Rooms"
              columns={COLUMNS}
              rows={shown}
              id={(one) => one.room}
              href={(one) => `${ROOMS}/${one.room}`}
              open={(one) => go(`${ROOMS}/${one.room}`)}
              current={room}
              bar={
                <input
                  type="search"
                  class="rt-find"
                  aria-label="Room, by name"
                  placeholder="Room ( / )"
                  value={readQuery(place.value.search, "q")}
                  onInput={(event) => setQuery({ q: event.currentTarget.value })}
                />
              }
            />
          );
        }}
      </Listing>
      {room !== undefined && <RoomDrawer key={room} room={room} onClose={() => go(ROOMS)} />}
    </>
  );
}
