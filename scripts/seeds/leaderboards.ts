import type { BoardCreate } from "../../contract/leaderboards.ts";
import type { ImportLine, ScoreInput } from "../../contract/leaderboard-scores.ts";
import type { Meridian } from "../../sdk/client.ts";
import { mulberry, pick, type Random } from "../../tests/lib/random.ts";

/** Players of the largest board. */
export const BOARD_SIZES = { demo: 20_000, bench: 1_000_000, full: 10_000_000 } as const;
export type BoardSize = keyof typeof BOARD_SIZES;

const REGIONS = ["eu", "us", "asia"] as const;
const DAY_MS = 86_400_000;
/** About 4 MB as JSON. */
const PART_LINES = 20_000;
/** Runs lie in the last so many days: as long as a closed day can be looked at. */
const PAST_DAYS = 7;
/** Players have one run, every so many of them two. */
const SECOND_RUN = 0.2;

interface SeededBoard {
  readonly create: BoardCreate;
  /** The mean score of a run, and how long one takes. */
  readonly mean: number;
  readonly durationMs: number;
  /** How many of all players play it. */
  readonly share: number;
}

/** The boards of the demo: one of each mode. */
export const SEEDED_BOARDS: readonly SeededBoard[] = [
  board("deathmatch", "Deathmatch", 3_000, 600_000, 1),
  board("capture-the-flag", "Capture the flag", 5_000, 900_000, 0.3),
  board("raid", "Raid", 8_000, 1_800_000, 0.2),
];

function board(mode: string, title: string, mean: number, durationMs: number, share: number): SeededBoard {
  return {
    create: {
      board: mode,
      mode,
      title,
      partitions: [{ key: "region", values: [...REGIONS] }],
      rewards: [
        { window: "daily", reward: "daily-champion", ranks: { from: 1, to: 1 } },
        { window: "daily", reward: "daily-top-ten", ranks: { from: 2, to: 10 } },
        { window: "weekly", reward: "weekly-elite", topPercent: 1 },
      ],
    },
    mean,
    durationMs,
    share,
  };
}

/** What a player is like, for good: 60 % casual, 30 % regular, 9 % strong, 1 % pro. */
export interface SeededPlayer {
  readonly player: string;
  readonly name: string;
  readonly region: (typeof REGIONS)[number];
  readonly tier: "casual" | "regular" | "strong" | "pro";
  /** Their mean as a part of the board's. */
  readonly skill: number;
}

/** Skills average 1, so that a board's mean is that of its runs. */
const TIERS = [
  { tier: "casual", upTo: 0.6, skill: 0.76 },
  { tier: "regular", upTo: 0.9, skill: 1.2 },
  { tier: "strong", upTo: 0.99, skill: 1.7 },
  { tier: "pro", upTo: 1, skill: 2.6 },
] as const;
const FIRST = [
  "swift",
  "quiet",
  "amber",
  "lucky",
  "stone",
  "polar",
  "neon",
  "rusty",
  "velvet",
  "solar",
  "tiny",
  "grim",
  "merry",
  "salty",
  "foggy",
] as const;
const SECOND = [
  "fox",
  "heron",
  "badger",
  "comet",
  "otter",
  "raven",
  "lynx",
  "moth",
  "viper",
  "bison",
  "gecko",
  "panda",
  "wolf",
  "crane",
  "newt",
] as const;

export function seededPlayer(n: number): SeededPlayer {
  const random = mulberry(n * 2_654_435_761 + 17);
  const draw = random();
  const { tier, skill } = TIERS.find(({ upTo }) => draw < upTo) ?? TIERS[0];
  return {
    player: `player-${n}`,
    name: `${pick(random, FIRST)}-${pick(random, SECOND)}-${n}`,
    region: pick(random, REGIONS),
    tier,
    skill: skill * (0.8 + 0.4 * random()),
  };
}

/** The score of one run: around the player's mean, skewed to the low side, never below zero. */
export function seededScore(mean: number, skill: number, random: Random): number {
  const wave = (random() + random() + random() - 1.5) / 1.5; // about normal, between -1 and 1
  return Math.max(0, Math.round(mean * skill * (1 + 0.45 * wave)));
}

/** When a run happened: half of all between 18 and 23 o'clock UTC, before `now`. Epoch milliseconds. */
export function seededTime(now: number, random: Random): number {
  const day = Math.floor(now / DAY_MS) - Math.floor(random() * PAST_DAYS);
  const hour = random() < 0.5 ? 18 + random() * 5 : random() * 24;
  const at = day * DAY_MS + Math.floor(hour * 3_600_000);
  return at < now ? at : at - DAY_MS;
}

/** Runs of one player on one board, as an import takes them. */
export function* seededRuns({ mean, durationMs }: SeededBoard, who: SeededPlayer, now: number, random: Random): Generator<ImportLine> {
  const count = random() < SECOND_RUN ? 2 : 1;
  for (let run = 0; run < count; run++) {
    const value = seededScore(mean, who.skill, random);
    yield {
      player: who.player,
      name: who.name,
      score: value,
      durationMs: Math.round(durationMs * (0.6 + 0.8 * random())),
      occurredAt: new Date(seededTime(now, random)).toISOString(),
      partition: who.region,
    };
  }
}

/** A cheater's run: far too many points in far too little time. The rules quarantine or flag it. */
export function cheatersRun({ mean, durationMs }: SeededBoard, n: number): ScoreInput {
  const who = seededPlayer(n);
  return {
    player: `cheater-${n}`,
    name: `totally-legit-${n}`,
    score: Math.round(mean * (3.2 + (n % 5) / 10)),
    durationMs: Math.round(durationMs * (n % 2 === 0 ? 0.1 : 0.35)),
    partition: who.region,
  };
}

/** A `sum` board takes deltas. */
function sent<T extends { score?: number | undefined }>(line: T, isSum: boolean): T {
  if (!isSum) return line;
  const { score, ...rest } = line;
  return { ...rest, delta: score } as unknown as T; // one of the two is what the contract asks for
}

export interface SeedOptions {
  readonly live: boolean;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** Makes the boards, loads their history by imports and a few cheaters by batches; with `live` goes on playing until interrupted. */
export async function seedLeaderboards(client: Meridian, size: BoardSize, { live, signal, say }: SeedOptions): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const now = Date.now();
  for (const each of SEEDED_BOARDS) {
    const { board: name } = each.create;
    const players = Math.round(BOARD_SIZES[size] * each.share);
    await client.leaderboards.document.apply({ boards: { [name]: withoutName(each.create) } });
    const isSum = each.create.mode === "raid";
    const random = mulberry(name.length * 7_919);
    let part = 0;
    let imported = 0;
    for (const lines of parts(each, players, now, random, isSum)) {
      if (signal.aborted) return;
      // The same day's seed again changes nothing: a part is known by its name.
      imported += (await client.leaderboards.importScores(name, lines, `seed-${size}-${day}-${part++}`)).imported;
    }
    const cheaters = Array.from({ length: 12 }, (_, n) => sent(cheatersRun(each, n), isSum));
    await client.leaderboards.submitBatch(name, {
      batchId: `seed-cheaters-${size}-${day}`,
      items: cheaters,
    });
    say(`seeded ${imported} runs of ${players} players on ${name}, and ${cheaters.length} who cheat`);
  }
  if (live) await playOn(client, BOARD_SIZES[size], signal);
}

function withoutName({ board: _, ...rest }: BoardCreate): Omit<BoardCreate, "board"> {
  return rest;
}

/** Lines of at most half of what an import takes, so that a slow server answers each in time. */
function* parts(each: SeededBoard, players: number, now: number, random: Random, isSum: boolean): Generator<ImportLine[]> {
  let lines: ImportLine[] = [];
  for (let n = 0; n < players; n++)
    for (const run of seededRuns(each, seededPlayer(n), now, random)) {
      lines.push(sent(run, isSum));
      if (lines.length < PART_LINES) continue;
      yield lines;
      lines = [];
    }
  if (lines.length > 0) yield lines;
}

/** A few scores a second of random players, so that pages move. */
async function playOn(client: Meridian, players: number, signal: AbortSignal): Promise<void> {
  const random = mulberry(Date.now());
  while (!signal.aborted) {
    const each = pick(random, SEEDED_BOARDS);
    const who = seededPlayer(Math.floor(random() * players));
    const score = seededScore(each.mean, who.skill * 1.1, random);
    const run = {
      player: who.player,
      name: who.name,
      score,
      durationMs: Math.round(each.durationMs * (0.7 + 0.6 * random())),
      partition: who.region,
    };
    await client.leaderboards.submit(each.create.board, sent(run, each.create.mode === "raid"));
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
