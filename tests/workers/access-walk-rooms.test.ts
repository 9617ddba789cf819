import { beforeAll, describe, expect, it } from "vitest";
import { ask } from "../../workers/control/testing.ts";
import { BODIES, guarded, guardedAtDoor, named, walk } from "./access-specs.ts";
import { seedWorld, type World } from "./access-world.ts";

let here: World;
let there: World;
beforeAll(async () => {
  here = await seedWorld("alpha-mark");
  there = await seedWorld("omega-mark");
});

const isOfRoom = ({ path }: { readonly path: string }) => path.includes("/rooms/{room}");
const onApi = named(guarded.filter(isOfRoom));
const atDoor = named(guardedAtDoor.filter(isOfRoom));
/** What is for programs is not for end users at all, and a socket wants to be asked for as one. */
const SHUT = [403, 404, 426];

describe("a room, to somebody who is no member of it", () => {
  it.each([...onApi, ...atDoor])("[RM252] %s: is not there, with grants for another room and with none", async (name, spec) => {
    for (const key of [here.people.minted, here.people.granted, here.people.guest]) {
      const { status, text } = await walk(spec, { key }, here.ids, BODIES[name]);
      expect([name, SHUT.includes(status)], `${status} ${text.slice(0, 200)}`).toEqual([name, true]);
      expect(text).not.toContain(here.mark);
    }
  });

  it("[RM252] opens no socket, to them, to another tenant's people or to its key", async () => {
    const headers = { upgrade: "websocket" };
    const { minted, granted, guest } = here.people;
    for (const key of [minted, granted, guest, there.people.granted, there.allScopes]) {
      const answer = await ask(`/v1/rooms/${here.ids.room}/socket`, { key, headers });
      expect([answer.status, answer.webSocket]).toEqual([404, null]);
      const ticket = await ask(`/v1/connect/tickets?room=${here.ids.room}`, { method: "POST", key });
      expect(ticket.status).toBe(404);
      const events = await ask(`/v1/connect/tickets?events=room/${here.ids.room}`, { method: "POST", key });
      expect(events.status).toBe(404);
    }
  });

  it("[RM252] every route of rooms is walked", () => {
    expect(onApi.length).toBeGreaterThanOrEqual(15);
    expect(atDoor.length).toBeGreaterThanOrEqual(12);
  });
});
