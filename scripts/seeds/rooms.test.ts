import { describe, expect, it } from "vitest";
import { importLineSchema, roomCreateSchema } from "../../contract/rooms.ts";
import { mulberry } from "../../tests/lib/random.ts";
import { ROOM_SIZES, seededHistory, seededPerson, seededRooms } from "./rooms.ts";

const NOW = Date.UTC(2026, 10, 20, 12);
const { people, rooms } = ROOM_SIZES.demo;
const all = seededRooms(rooms, people);

describe("the seeded rooms", () => {
  it("[RM205] are what the contract takes: seven of ten direct, two groups, one channel, with at least two people each", () => {
    for (const { create, people: who } of all) {
      expect(roomCreateSchema.safeParse(create).success).toBe(true);
      expect(new Set(who.map(({ sender }) => sender)).size).toBe(who.length);
      expect(who.length).toBeGreaterThanOrEqual(2);
    }
    const count = (kind: string) => all.filter(({ create }) => create.kind === kind).length / rooms;
    expect([count("direct"), count("group"), count("channel")]).toEqual([0.7, 0.2, 0.1]);
    expect(new Set(Array.from({ length: people }, (_, n) => seededPerson(n).senderName)).size).toBe(people);
  });

  it("[RM205] are one each: no two people have two direct rooms, in any size, and every draw is the same each time", () => {
    for (const { people, rooms } of Object.values(ROOM_SIZES)) {
      const names = seededRooms(rooms, people).map(({ create }) => create.room ?? create.members?.toSorted().join());
      expect(new Set(names).size).toBe(rooms);
    }
    expect(seededRooms(rooms, people)).toEqual(all);
  });

  it("[RM205] are as uneven as people are: the busiest tenth holds more than half of all messages", () => {
    const counts = all.map(({ messages }) => messages).sort((a, b) => b - a);
    const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0);
    expect(sum(counts.slice(0, rooms / 10)) / sum(counts)).toBeGreaterThan(0.5);
    expect(counts.at(-1)).toBeGreaterThan(0);
  });

  it("[RM205] have a history in the order of its times, by day more than by night, the same each time", () => {
    const [first] = all;
    const lines = seededHistory(5_000, first?.people ?? [], NOW, mulberry(3));
    expect(lines.every((line) => importLineSchema.safeParse(line).success)).toBe(true);
    expect(lines.every(({ at }, n) => at < NOW && at >= (lines[n - 1]?.at ?? 0))).toBe(true);
    const byDay = lines.filter(({ at }) => new Date(at).getUTCHours() >= 9 && new Date(at).getUTCHours() < 23).length;
    expect(byDay / lines.length).toBeGreaterThan(0.8);
    expect(seededHistory(5_000, first?.people ?? [], NOW, mulberry(3))).toEqual(lines);
  });
});
