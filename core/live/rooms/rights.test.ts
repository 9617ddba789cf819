import { expect, it } from "vitest";
import { ROOM_LIMITS as L } from "../../../contract/room-limits.ts";
import { MEMBER_STATES, memberPutSchema, ROOM_ROLES } from "../../../contract/rooms.ts";
import { MEMBER_ROWS } from "./store.ts";
import { person, service, slug, START, TestDesk } from "./desk-testing.ts";

it("[RM4] owners, admins and members write in a group, readers read; in a channel only owners and admins write", () => {
  const roles = ["owner", "admin", "member", "reader"] as const;
  const group = new TestDesk("group");
  const channel = new TestDesk("channel");
  const sends = (desk: TestDesk) => roles.map((role) => slug(desk.send(desk.seat(role, role))));
  expect(sends(group)).toEqual(["ok", "ok", "ok", "forbidden"]);
  expect(sends(channel)).toEqual(["ok", "ok", "forbidden", "forbidden"]);
  const offset = channel.say(channel.seat("owner", "owner"));
  const reacts = roles.map((role) => slug(channel.do(channel.seat(role, role), { type: "react", offset, emoji: "👍", on: true })));
  expect(reacts).toEqual(["ok", "ok", "ok", "forbidden"]);
});

it("[RM5] a grant makes a member at first use, a reader when it only reads; without one there is no such room", () => {
  const desk = new TestDesk();
  expect(desk.enter(person("eve"))).toBe("not-found");
  expect(slug(desk.send(person("eve")))).toBe("not-found");
  expect(desk.state("eve")).toBeUndefined();
  expect(desk.enter(person("reads", ["read"]))).toBe("reader");
  expect(desk.enter(person("writes", ["read", "write"]))).toBe("member");
  expect(desk.told.map(({ type, data }) => [type, "subject" in data && data.subject])).toEqual([
    ["member", "minted|reads"],
    ["member", "minted|writes"],
  ]);
  // What they are is decided by their membership from then on.
  expect(desk.enter(person("reads", ["read", "write"]))).toBe("reader");
  expect(desk.told).toHaveLength(2);
  expect(desk.enter(person("creates", ["create"]))).toBe("not-found");
});

it("[RM5] a ban or a removal beats every grant; whoever left comes back by one", () => {
  const outcomes = MEMBER_STATES.map((state) => {
    const desk = new TestDesk();
    desk.seat("dan", "admin", { state });
    return [state, desk.enter(person("dan")), desk.enter(person("dan", ["read", "write"], true))];
  });
  expect(outcomes).toEqual([
    ["active", "admin", "admin"],
    ["invited", "admin", "admin"],
    ["left", "not-found", "member"],
    ["removed", "not-found", "not-found"],
    ["banned", "not-found", "not-found"],
  ]);
});

it("[RM5] whoever left as a reader comes back as one, whatever their grant", () => {
  const roles = ROOM_ROLES.map((role) => {
    const desk = new TestDesk();
    desk.seat("dan", role, { state: "left" });
    return [role, desk.enter(person("dan", ["read", "write"])), desk.enter(person("dan", ["manage"]))];
  });
  expect(roles).toEqual([
    ["owner", "member", "member"],
    ["admin", "member", "member"],
    ["member", "member", "member"],
    ["reader", "reader", "reader"],
  ]);
});

it("[RM6] an invitation becomes a membership when its room is entered, and is told then", () => {
  const desk = new TestDesk();
  const owner = desk.seat("ann", "owner");
  expect(desk.put(owner, "dan", { state: "invited", role: "reader" })).toBe("ok");
  expect(desk.outbox).toEqual([]);
  expect(desk.enter(person("dan"))).toBe("reader");
  expect(desk.state("dan")).toBe("active");
  expect(desk.outbox.map(({ type }) => type)).toEqual(["meridian.room.member.joined"]);
});

it("[RM7] services and operators act without membership, each as far as its actions go", () => {
  const desk = new TestDesk("channel");
  const offset = desk.say(desk.seat("ann", "owner"));
  expect(slug(desk.send(service("read")))).toBe("forbidden");
  expect(slug(desk.send(service("read", "write")))).toBe("ok");
  expect(slug(desk.do(service("write"), { type: "edit", offset, edit: { text: "mended", mentions: [] } }))).toBe("ok");
  expect(desk.put(service("read", "write"), "dan")).toBe("forbidden");
  expect(desk.put(service("manage"), "dan", { role: "owner" })).toBe("ok");
  expect(desk.enter(service())).toBe("not-found");
  expect(desk.store.message(desk.store.places().offset - 2)?.sender).toBe("key:1");
  expect(desk.store.memberCount()).toBe(2);
});

it("[RM8] what is public is read by everybody without membership, and written by nobody of them", () => {
  const desk = new TestDesk();
  const visitor = { ...person("visitor"), kind: "visitor" as const, id: "visitor" };
  expect(desk.enter(visitor)).toBe("not-found");
  expect(desk.enter({ ...visitor, isPublic: true })).toBe("reader");
  expect(desk.enter(person("eve", [], true))).toBe("reader");
  expect(slug(desk.send(person("eve", [], true)))).toBe("forbidden");
  expect(desk.store.memberCount()).toBe(0);
  expect(desk.told).toEqual([]);
});

it("[RM9] a direct room is its two people's: no grant lets a third one in, and whoever left comes back", () => {
  const desk = new TestDesk("direct");
  const [ann] = [desk.seat("ann"), desk.seat("ben")];
  expect(desk.enter(person("eve", ["read", "write", "manage"], true))).toBe("not-found");
  expect(desk.put(service("manage"), "eve")).toBe("conflict");
  expect(desk.remove(ann, "ann")).toBe("ok");
  expect(desk.enter(ann)).toBe("member");
});

it("[RM10] owners change everybody, admins members and readers, others nobody", () => {
  const targets = ["owner", "admin", "member", "reader"] as const;
  const allowed = (["owner", "admin", "member"] as const).map((role) =>
    targets.map((target) => {
      const desk = new TestDesk();
      desk.seat("first", "owner");
      const by = desk.seat("by", role);
      desk.seat("of", target);
      return desk.put(by, "of", { mutedUntil: new Date(START + 60_000).toISOString() });
    }),
  );
  expect(allowed).toEqual([
    ["ok", "ok", "ok", "ok"],
    ["forbidden", "forbidden", "ok", "ok"],
    ["forbidden", "forbidden", "forbidden", "forbidden"],
  ]);
  const desk = new TestDesk();
  const [owner, admin] = [desk.seat("ann", "owner"), desk.seat("ben", "admin")];
  expect(desk.put(admin, "dan", { role: "admin" })).toBe("forbidden");
  expect(desk.put(admin, "dan", { role: "reader" })).toBe("ok");
  expect(desk.put(admin, "ben", { role: "owner" })).toBe("forbidden");
  expect(desk.remove(admin, "ann")).toBe("forbidden");
  expect(desk.put(owner, "dan", { role: "admin" })).toBe("ok");
  expect(desk.remove(desk.seat("cid"), "cid")).toBe("ok");
  // A grant to manage the room is an owner's word.
  expect(desk.put({ ...person("eve", ["manage"]) }, "ben", { role: "member" })).toBe("ok");
});

it("[RM11] the last owner neither leaves nor becomes less; with a second one they may", () => {
  const desk = new TestDesk();
  const ann = desk.seat("ann", "owner");
  expect(desk.remove(ann, "ann")).toBe("conflict");
  expect(desk.put(ann, "ann", { role: "member" })).toBe("conflict");
  expect(desk.put(service("manage"), "ann", { state: "banned" })).toBe("conflict");
  expect(desk.remove(service("manage"), "ann")).toBe("conflict");
  expect(desk.put(ann, "ben", { role: "owner" })).toBe("ok");
  expect(desk.remove(ann, "ann")).toBe("ok");
  expect(desk.state("ann")).toBe("left");
});

it("[RM12] a room takes 10,000 members and not one more; whoever leaves makes room", () => {
  const desk = new TestDesk();
  const counted = { members: L.members - 1 };
  desk.store.memberCount = () => counted.members;
  expect(desk.enter(person("last", ["write"]))).toBe("member");
  counted.members = L.members;
  expect(desk.enter(person("late", ["write"]))).toBe("room-full");
  expect(desk.put(service("manage"), "late")).toBe("room-full");
  expect(desk.state("late")).toBeUndefined();
  // Somebody who is counted already is only changed.
  expect(desk.put(service("manage"), "last", { role: "admin" })).toBe("ok");
});

it("[RM13] a mute lasts through leaving and coming back, and through an invitation", () => {
  for (const state of ["left", "invited"] as const) {
    const desk = new TestDesk();
    const dan = { ...desk.seat("dan", "member", { state, mutedUntil: START + 60_000 }), granted: ["read", "write"] as const };
    expect(slug(desk.send(dan))).toBe("muted");
    expect(desk.state("dan")).toBe("active");
    desk.now = START + 60_000;
    expect(slug(desk.send(dan))).toBe("ok");
  }
});

it("[RM10] a ban ends where that is said, and not with a change of something else", () => {
  const desk = new TestDesk();
  const owner = desk.seat("ann", "owner");
  for (const change of [{ state: "banned" as const }, { name: "Dan" }, { mutedUntil: null }, { role: "reader" as const }]) {
    expect(desk.put(owner, "dan", change)).toBe("ok");
    expect(desk.state("dan")).toBe("banned");
  }
  expect(desk.put(owner, "dan", { state: "active" })).toBe("ok");
  expect(desk.state("dan")).toBe("active");
});

it("[RM13] the muted read and take back what they said; they send, edit and react again when the time has passed", () => {
  const desk = new TestDesk();
  const owner = desk.seat("ann", "owner");
  const ben = desk.seat("ben");
  const offset = desk.say(ben);
  const until = new Date(START + 60_000).toISOString();
  expect(desk.put(owner, "ben", { mutedUntil: until })).toBe("ok");
  const tries = () => [
    slug(desk.send(ben)),
    slug(desk.do(ben, { type: "edit", offset, edit: { text: "other", mentions: [] } })),
    slug(desk.do(ben, { type: "react", offset, emoji: "👍", on: true })),
  ];
  expect(tries()).toEqual(["muted", "muted", "muted"]);
  expect(desk.enter(ben)).toBe("member");
  desk.now = START + 60_000;
  expect(tries()).toEqual(["ok", "ok", "ok"]);
  expect(desk.put(owner, "ben", { mutedUntil: new Date(desk.now + 60_000).toISOString() })).toBe("ok");
  expect(slug(desk.do(ben, { type: "delete", offset }))).toBe("ok");
  expect(desk.put(owner, "ben", { mutedUntil: null })).toBe("ok");
  expect(slug(desk.send(ben))).toBe("ok");
});

it("[RM26] a change of a member that changes nothing is no event", () => {
  const desk = new TestDesk();
  const owner = desk.seat("ann", "owner");
  desk.seat("ben");
  expect(desk.put(owner, "ben", { role: "member", name: "ben" })).toBe("ok");
  expect(desk.told).toEqual([]);
  expect(desk.outbox).toEqual([]);
});

it("[RM12] rows of who left make room for who comes; those of who was banned or removed do not", () => {
  const desk = new TestDesk();
  const states = ["left", "banned"] as const;
  for (let n = 0; n < MEMBER_ROWS; n++) desk.seat(`p${n}`, "member", { state: states[n === 7 ? 0 : 1] ?? "left" });
  expect(desk.enter(person("one", ["write"]))).toBe("member");
  expect(desk.state("p7")).toBeUndefined();
  expect(desk.enter(person("two", ["write"]))).toBe("room-full");
  expect(desk.state("p8")).toBe("banned");
});

it("[RM40] a member is called and looks as their token says when they come in, and others hear of a change once", () => {
  const desk = new TestDesk();
  const ann = { ...desk.seat("ann"), name: "Ann B.", avatarUrl: "https://pictures/ann" };
  desk.say(ann);
  expect(desk.store.member(ann.id)).toMatchObject({ name: "ann", avatarUrl: null });
  desk.enter(ann);
  desk.enter(ann);
  expect(desk.told.slice(1).map(({ data }) => data)).toMatchObject([{ subject: ann.id, name: "Ann B.", role: "member" }]);
  desk.enter({ ...ann, name: "", avatarUrl: null });
  expect(desk.store.member(ann.id)).toMatchObject({ name: "Ann B.", avatarUrl: "https://pictures/ann" });
  expect(desk.outbox.map(({ type }) => type)).toEqual(["meridian.message.sent"]);
});

it("[RM40] a picture is an https address, whoever sets it", () => {
  const taken = ["https://a.example/b.png", "http://a.example/b.png", "javascript:alert(1)", "data:text/html,x"].map(
    (avatarUrl) => memberPutSchema.safeParse({ avatarUrl }).success,
  );
  expect(taken).toEqual([true, false, false, false]);
});
