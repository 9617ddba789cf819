import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Member, RoomView } from "../../../contract/rooms.ts";
import { roomsApi, type RoomsApi } from "../../../sdk/api/rooms.ts";
import { openRoom } from "../../../sdk/open-room.ts";
import type { RoomClient } from "../../../sdk/room.ts";
import type { MeridianUser } from "../../../sdk/user.ts";

export interface OpenRoom {
  readonly client: RoomClient;
  readonly api: RoomsApi;
  /** Rises with every change of the client: read it to be drawn again. */
  readonly turn: Signal<number>;
  readonly view: Signal<RoomView | undefined>;
  readonly members: Signal<ReadonlyMap<string, Member>>;
}

/** Members whose names are known at once; others show as they speak. */
const MEMBERS = 200;

/** A room that stays open as long as its pane is there. */
export function useRoom(user: MeridianUser, room: string, owner: string): OpenRoom {
  const turn = useSignal(0);
  const view = useSignal<RoomView | undefined>(undefined);
  const members = useSignal<ReadonlyMap<string, Member>>(new Map());
  const client = useMemo(() => openRoom(user.request, room, owner), []);
  const api = useMemo(() => roomsApi(user.request), []);
  useEffect(() => {
    const about = () => {
      void Promise.all([api.get(room), api.members(room, { limit: MEMBERS })]).then(
        ([now, { items }]) => {
          view.value = now;
          members.value = new Map(items.map((one) => [one.subject, one]));
        },
        () => undefined, // the client says why the room cannot be read
      );
    };
    const stops = [
      client.onChange(() => turn.value++),
      client.onEvent(({ type }) => {
        if (type === "member" || type === "room") about();
      }),
    ];
    client.open();
    about();
    const online = () => client.retryNow();
    const seen = () => {
      client.setPresence(document.hidden ? "away" : "online");
      if (!document.hidden) client.retryNow();
    };
    addEventListener("online", online);
    document.addEventListener("visibilitychange", seen);
    return () => {
      for (const stop of stops) stop();
      removeEventListener("online", online);
      document.removeEventListener("visibilitychange", seen);
      client.close();
    };
  }, []);
  return { client, api, turn, view, members };
}
