import { MeridianError, type Meridian } from "../../sdk/client.ts";
import type { RoomCreateInput, RoomImportLine } from "../../sdk/api/rooms.ts";
import { mulberry, pick, type Random } from "../../tests/lib/random.ts";
import type { SeedOptions } from "./leaderboards.ts";

/** People, rooms, and messages of the one long room. */
export const ROOM_SIZES = {
  demo: { people: 200, rooms: 600, longest: 50_000 },
  bench: { people: 2_000, rooms: 2_000, longest: 200_000 },
  full: { people: 10_000, rooms: 10_000, longest: 1_000_000 },
} as const;
export type RoomSize = keyof typeof ROOM_SIZES;

/** The room that everybody is in, and that is as long as scrolling should be tried with. */
export const LONG_ROOM = "lobby";
const DAY_MS = 86_400_000;
/** Messages lie in the last so many days; more of them lately. */
const PAST_DAYS = 60;
const PART_LINES = 10_000;
/** Half of all rooms have few messages, a few have very many: Pareto with this tail. */
const TAIL = 1.1;
const FEWEST = 4;
const MOST = 2_000;
/** Rooms that are made at the same time. */
const AT_ONCE = 4;

const NAMES = [
  "Ada",
  "Ben",
  "Chloe",
  "Dario",
  "Elif",
  "Finn",
  "Grace",
  "Hugo",
  "Iris",
  "Jonas",
  "Kim",
  "Lena",
  "Milo",
  "Nora",
  "Omar",
  "Pia",
  "Quinn",
  "Rosa",
  "Sami",
  "Tess",
  "Uma",
  "Vera",
  "Wim",
  "Xenia",
  "Yara",
  "Zeno",
] as const;
const SUBJECTS = [
  "the release",
  "lunch",
  "the demo",
  "that bug",
  "the new map",
  "tonight's raid",
  "the invoice",
  "the meeting",
  "my flight",
  "the draft",
] as const;
const PHRASES = [
  "anyone looked at %?",
  "% is done",
  "I will take %",
  "can we move % to tomorrow?",
  "% looks good to me",
  "sorry, late to %",
  "who owns %?",
  "let me check % first",
  "% again, really",
  "nice work on %",
  "ok",
  "yes",
  "on my way",
  "thanks!",
  "haha",
  "one moment",
  "see you there",
  "I do not think so",
  "that was close",
  "could you send me the link for %?",
] as const;
const TOPICS = [
  "design",
  "backend",
  "mobile",
  "support",
  "random",
  "music",
  "books",
  "running",
  "cooking",
  "travel",
  "games",
  "garden",
  "photos",
  "jobs",
] as const;

export interface SeededPerson {
  readonly sender: string;
  readonly senderName: string;
}

export function seededPerson(n: number): SeededPerson {
  const name = NAMES[n % NAMES.length] ?? NAMES[0];
  const round = Math.floor(n / NAMES.length);
  return { sender: `minted|person-${n}`, senderName: round === 0 ? name : `${name} ${round + 1}` };
}

export interface SeededRoom {
  readonly create: RoomCreateInput;
  readonly people: readonly SeededPerson[];
  readonly messages: number;
}

/** All rooms beside the long one. Two people have one direct room: a pair that was drawn before is drawn anew. */
export function seededRooms(rooms: number, people: number): SeededRoom[] {
  const pairs = new Set<string>();
  return Array.from({ length: rooms }, (_, n) => {
    for (let draw = 0; ; draw++) {
      const room = seededRoom(n, people, draw);
      const pair = room.create.room ?? room.create.members?.toSorted().join() ?? "";
      if (pairs.has(pair)) continue;
      pairs.add(pair);
      return room;
    }
  });
}

/** The `n`th room: seven of ten are between two people, two are groups, one is a channel. */
function seededRoom(n: number, people: number, again: number): SeededRoom {
  const random = mulberry(n * 40_503 + 11 + again * 7_919);
  const messages = Math.min(MOST, Math.round(FEWEST / (1 - random()) ** (1 / TAIL)));
  const kind = n % 10 < 7 ? "direct" : n % 10 < 9 ? "group" : "channel";
  // A few people are in many rooms: the square puts more weight on the low numbers.
  const draw = () => Math.floor(random() ** 2 * people);
  const count = kind === "direct" ? 2 : kind === "group" ? 3 + Math.floor(random() * 10) : 10 + Math.floor(random() * 40);
  const members = new Set<number>();
  while (members.size < Math.min(count, people)) members.add(members.size % 2 === 0 ? draw() : Math.floor(random() * people));
  const who = [...members].map(seededPerson);
  const title = `${pick(random, TOPICS)} ${n}`;
  const create: RoomCreateInput =
    kind === "direct"
      ? { kind, members: who.map(({ sender }) => sender) }
      : { kind, room: `${kind}-${n}`, title, members: who.slice(0, 100).map(({ sender }) => sender) };
  return { create, people: who, messages };
}

/** When something was said: more of it lately, and most between nine and twenty-three o'clock UTC. Epoch milliseconds. */
export function seededMoment(now: number, random: Random): number {
  const day = Math.floor(now / DAY_MS) - Math.floor(random() ** 2 * PAST_DAYS);
  const hour = random() < 0.85 ? 9 + random() * 14 : random() * 24;
  const at = day * DAY_MS + Math.floor(hour * 3_600_000);
  return at < now ? at : at - DAY_MS;
}

/** A room's history in the order of its times; whoever speaks goes on for a while. */
export function seededHistory(count: number, people: readonly SeededPerson[], now: number, random: Random): RoomImportLine[] {
  const moments = Array.from({ length: count }, () => seededMoment(now, random)).sort((a, b) => a - b);
  let speaker = pick(random, people);
  return moments.map((at) => {
    if (random() < 0.55) speaker = people[Math.floor(random() ** 1.7 * people.length)] ?? speaker;
    const text = Array.from({ length: 1 + Math.floor(random() ** 3 * 4) }, () =>
      pick(random, PHRASES).replace("%", pick(random, SUBJECTS)),
    ).join(". ");
    return { at, ...speaker, text };
  });
}

/** Makes people's rooms with their history by imports. The same day's seed again changes nothing. */
export async function seedRooms(client: Meridian, size: RoomSize, { signal, say }: Pick<SeedOptions, "signal" | "say">): Promise<void> {
  const { people, rooms, longest } = ROOM_SIZES[size];
  // The day's beginning: at another hour of it the same lines are made, and a seed that was broken off goes on.
  const now = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  const day = new Date(now).toISOString().slice(0, 10);
  const everybody = Array.from({ length: people }, (_, n) => seededPerson(n));
  let messages = 0;
  const fill = async (room: string, lines: readonly RoomImportLine[]) => {
    for (let from = 0; from < lines.length && !signal.aborted; from += PART_LINES) {
      const part = lines.slice(from, from + PART_LINES);
      messages += (await client.rooms.importMessages(room, part, `seed-${size}-${day}-${from}`)).imported;
    }
  };
  await made(client, { kind: "group", room: LONG_ROOM, title: "Lobby", members: everybody.slice(0, 100).map(({ sender }) => sender) });
  await fill(LONG_ROOM, seededHistory(longest, everybody, now, mulberry(1)));
  const waiting = seededRooms(rooms - 1, people).entries();
  const worker = async () => {
    for (const [n, { create, people: who, messages: count }] of waiting) {
      if (signal.aborted) return;
      const room = await made(client, create);
      await fill(room, seededHistory(count, who, now, mulberry(n + 2)));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (!signal.aborted) say(`seeded ${messages} messages of ${people} people in ${rooms} rooms, ${longest} of them in ${LONG_ROOM}`);
}

/** @returns the room's id, whether it is made now or was there */
async function made(client: Meridian, create: RoomCreateInput): Promise<string> {
  try {
    return (await client.rooms.create(create)).room;
  } catch (error) {
    if (error instanceof MeridianError && error.slug === "conflict" && create.room !== undefined) return create.room;
    throw error;
  }
}
