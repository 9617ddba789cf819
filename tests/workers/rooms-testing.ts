import type { Grant } from "../../contract/grants.ts";
import { type Scope, SCOPES } from "../../contract/permissions.ts";
import type { Message, MessageAck, RoomView } from "../../contract/rooms.ts";
import type { RoomRpc } from "../../contract/rpc/room.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { ask, type Asked, edgeEnv, seedKey, seedTenant, type SeededTenant } from "../../workers/control/testing.ts";
import type { EdgeEnv } from "../../workers/env.ts";
import { fine } from "./leaderboards-testing.ts";

/** A tenant with a key for everything, and ways to ask its rooms. */
export interface RoomTenant extends SeededTenant {
  readonly key: string;
  /** Below `/v1/rooms`, with the key unless another is named. */
  readonly at: (path: string, how?: Asked) => Promise<Response>;
  /** Made by the key: it has these members, and no owner. */
  readonly room: (room: string, more?: object) => Promise<RoomView>;
  /** An end user with these grants; the token. */
  readonly person: (sub: string, grants?: readonly Grant[], name?: string) => Promise<string>;
  readonly send: (room: string, key: string, text: string, more?: object) => Promise<MessageAck>;
  readonly texts: (room: string, key?: string) => Promise<string[]>;
}

export async function seedRooms(scopes: readonly Scope[] = SCOPES): Promise<RoomTenant> {
  const tenant = await seedTenant();
  const { secret: key } = await seedKey(tenant, [...scopes]);
  const at = async (path: string, how: Asked = {}) => await ask(`/v1/rooms${path}`, { key, ...how });
  let sent = 0;
  return {
    ...tenant,
    key,
    at,
    room: async (room, more = {}) => await fine<RoomView>(await at("", { body: { room, ...more } }), 201),
    person: async (sub, grants = [], name = sub) =>
      (await fine<TokenReply>(await ask("/v1/tokens", { key, body: { sub, name, grants } }), 201)).token,
    send: async (room, who, text, more = {}) => {
      const body = { clientId: `c${++sent}`, text, ...more };
      const { items } = await fine<{ items: MessageAck[] }>(await at(`/${room}/messages`, { key: who, body }), 201);
      const [ack] = items;
      if (!ack) throw new Error("no acknowledgement");
      return ack;
    },
    texts: async (room, who = key) => {
      const { items } = await fine<{ items: Message[] }>(await at(`/${room}/messages`, { key: who }));
      return items.map(({ text }) => text);
    },
  };
}

/** Bindings whose rooms answer as given; what is not given goes to the real ones. */
export function withRooms(methods: Partial<RoomRpc>): Pick<EdgeEnv, "ROOMS"> {
  return {
    ROOMS: {
      getByName: (name: string) => {
        const real = edgeEnv.ROOMS.getByName(name);
        return new Proxy(real, {
          get: (target, method) => methods[method as keyof RoomRpc] ?? Reflect.get(target, method, target), // the caller's own names
        });
      },
    },
  };
}
