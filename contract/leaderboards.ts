import * as z from "zod";
import { asProblem } from "./problems.ts";
import { BOARD_PATTERN, isShown, LEADERBOARD_LIMITS as L, PARTITION_PATTERN, WINDOW_KINDS } from "./leaderboard-limits.ts";

/** What a board is. Ordering (`order`, `operator`, `decimals`, `subscore`, `ranking`, `timeZone`, `windows`, `partitions`) is fixed by its first score. */

export const boardIdSchema = z
  .string()
  .max(200)
  .refine((id) => BOARD_PATTERN.test(id), { ...asProblem("invalid-id"), message: "Send 1-64 of a-z, 0-9 and -" });

const order = z.enum(["asc", "desc"]);

export const RULE_ACTIONS = ["reject", "quarantine", "flag"] as const;
const action = z.enum(RULE_ACTIONS);
/** What is checked of a score when it comes in. One rule of each type. */
export const boardRuleSchema = z.discriminatedUnion("type", [
  /** A run's score (or delta) above `max`. */
  z.strictObject({ type: z.literal("max-score"), max: z.number(), action: action.default("reject") }),
  /** The run is unknown, another player's, used, or `durationMs` is longer than the server's clock allows. */
  z.strictObject({ type: z.literal("run"), action: action.default("reject") }),
  /** Sooner after the player's last score than `minMs`. */
  z.strictObject({
    type: z.literal("interval"),
    minMs: z.number().int().min(0).max(86_400_000).default(60_000),
    action: action.default("reject"),
  }),
  /** `durationMs` outside of `min`-`max` times the typical; without `typicalMs` the median of the board's own runs, once it has 100. */
  z.strictObject({
    type: z.literal("duration"),
    typicalMs: z.number().int().min(1).nullable().default(null),
    min: z.number().min(0).max(1).default(0.3),
    max: z.number().min(1).max(100).default(3),
    action: action.default("quarantine"),
  }),
  /** More points in a second of `durationMs` than `max`. */
  z.strictObject({ type: z.literal("points-per-second"), max: z.number().positive(), action: action.default("flag") }),
]);
export type BoardRule = z.infer<typeof boardRuleSchema>;
export type RuleType = BoardRule["type"];

/** Who gets what when a window closes: by rank, or by percentile (1 is the best hundredth). */
export const boardRewardSchema = z
  .strictObject({
    window: z.enum(WINDOW_KINDS).exclude(["all"]),
    reward: z.string().min(1).max(100),
    ranks: z.strictObject({ from: z.number().int().min(1), to: z.number().int().min(1) }).optional(),
    topPercent: z.number().gt(0).max(100).optional(),
  })
  .refine((reward) => (reward.ranks === undefined) !== (reward.topPercent === undefined), "Send either ranks or topPercent")
  .refine(({ ranks }) => ranks === undefined || ranks.from <= ranks.to, {
    path: ["ranks", "to"],
    message: "Send a rank not before `from`",
  });
export type BoardReward = z.infer<typeof boardRewardSchema>;

export const timeZoneSchema = z.string().max(64).refine(isZone, "Send a time zone of the IANA database, such as Europe/Berlin");

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false; // not a zone of the IANA database
  }
}

/** What orders a board. */
const orderingShape = {
  order: order.default("desc"),
  operator: z.enum(["best", "latest", "sum"]).default("best"),
  /** Decimal places that are kept; further ones are rounded. */
  decimals: z.number().int().min(0).max(L.decimals).default(0),
  /** Whether scores carry a second number that breaks ties, and which way. */
  subscore: order.nullable().default(null),
  /** Ranks of equals (same score, same subscore): 1234, 1224 or 1223. */
  ranking: z.enum(["ordinal", "competition", "dense"]).default("ordinal"),
  windows: z
    .array(z.enum(WINDOW_KINDS))
    .min(1)
    .max(WINDOW_KINDS.length)
    .refine((kinds) => new Set(kinds).size === kinds.length, "Send each window once")
    .default(["all", "daily", "weekly", "monthly", "season"]),
  timeZone: timeZoneSchema.default("UTC"),
  /** An exact board of its own for each value of each key. Values are unique over all keys: they alone name the partition. */
  partitions: z
    .array(
      z.strictObject({
        key: z.string().regex(PARTITION_PATTERN, "1-32 of a-z, 0-9 and -, a letter first"),
        values: z.array(z.string().regex(PARTITION_PATTERN, "1-32 of a-z, 0-9 and -, a letter first")).min(1).max(L.partitionValues),
      }),
    )
    .max(L.partitions)
    .default([]),
};
const freeShape = {
  title: z.string().min(1).max(L.titleChars),
  rules: z
    .array(boardRuleSchema)
    .max(L.rules)
    .refine((rules) => new Set(rules.map(({ type }) => type)).size === rules.length, "Send one rule of each type")
    .default([]),
  rewards: z.array(boardRewardSchema).max(L.rewards).default([]),
  /** Suspended players still see their own row where it would be. */
  shadow: z.boolean().default(true),
};

interface Ordering {
  readonly windows: readonly unknown[];
  readonly partitions: readonly { readonly key: string; readonly values: readonly string[] }[];
}
/** One score enters each window once, and once more for each key of partitions. */
export function setsPerScore({ windows, partitions }: Ordering): number {
  return windows.length * (1 + partitions.length);
}

/** All of a board but its name; what `POST` and `apply` take. Fields that are absent come from the mode, then from the defaults here. */
export const boardConfigSchema = z
  .strictObject({ ...freeShape, ...orderingShape })
  .refine(({ partitions }) => new Set(partitions.map(({ key }) => key)).size === partitions.length, {
    path: ["partitions"],
    message: "Send each key once",
  })
  .refine(
    ({ partitions }) => new Set(partitions.flatMap(({ values }) => values)).size === partitions.flatMap(({ values }) => values).length,
    {
      path: ["partitions"],
      message: "Send each value once, over all keys",
    },
  )
  .refine((config) => setsPerScore(config) <= L.setsPerScore, {
    ...asProblem("too-many-windows"),
    path: ["partitions"],
    message: `Send fewer windows or partitions: one score may enter ${L.setsPerScore} rankings`,
  });
export type BoardConfig = z.infer<typeof boardConfigSchema>;

/** A board that is made or changed. What an earlier release took is read by `boardConfigSchema`, or its boards could not even be deleted. */
export const newBoardConfigSchema = boardConfigSchema.superRefine(({ rewards, windows }, context) => {
  for (const [at, { window }] of rewards.entries()) {
    if (windows.includes(window)) continue;
    const message = `The board has no ${window} window: add it to \`windows\`, or leave the reward out`;
    context.addIssue({ code: "custom", path: ["rewards", at, "window"], message });
  }
});

/**
 * Parts of a config without their defaults, so that what is absent can be told from what is sent. What spans fields is checked of the
 * whole that comes of it, by `newBoardConfigSchema`.
 */
const partialConfigSchema = z.strictObject({
  title: freeShape.title.refine(isShown, { ...asProblem("invalid-name"), message: "Send a title without control characters" }).optional(),
  rules: freeShape.rules.unwrap().optional(),
  rewards: freeShape.rewards.unwrap().optional(),
  shadow: freeShape.shadow.unwrap().optional(),
  order: orderingShape.order.unwrap().optional(),
  operator: orderingShape.operator.unwrap().optional(),
  decimals: orderingShape.decimals.unwrap().optional(),
  subscore: orderingShape.subscore.unwrap().optional(),
  ranking: orderingShape.ranking.unwrap().optional(),
  windows: orderingShape.windows.unwrap().optional(),
  // The engine takes offsets too; but they stand still where clocks are changed, and windows follow clocks.
  timeZone: z
    .string()
    .max(64)
    .refine((zone) => /^[A-Za-z]/.test(zone) && isZone(zone), "Send a time zone of the IANA database, such as Europe/Berlin")
    .optional(),
  partitions: orderingShape.partitions.unwrap().optional(),
});

export const boardModeSchema = partialConfigSchema;
export type BoardMode = z.infer<typeof boardModeSchema>;
export const modeIdSchema = boardIdSchema.describe("a mode's name");
export const modeViewSchema = z.object({ mode: z.string(), defaults: boardModeSchema, seeded: z.boolean() });
export type ModeView = z.infer<typeof modeViewSchema>;

/** Modes that every tenant begins with; a tenant's own of the same name replaces one. */
export const SEEDED_MODES: Readonly<Record<string, BoardMode>> = {
  deathmatch: {
    title: "Deathmatch",
    rules: [
      { type: "max-score", max: 20_000, action: "reject" },
      { type: "duration", typicalMs: 600_000, min: 0.3, max: 3, action: "quarantine" },
      { type: "points-per-second", max: 20, action: "flag" },
    ],
  },
  "capture-the-flag": {
    title: "Capture the flag",
    rules: [
      { type: "max-score", max: 30_000, action: "reject" },
      { type: "duration", typicalMs: 900_000, min: 0.3, max: 3, action: "quarantine" },
      { type: "points-per-second", max: 20, action: "flag" },
    ],
  },
  raid: {
    title: "Raid",
    operator: "sum",
    rules: [
      { type: "max-score", max: 50_000, action: "reject" },
      { type: "duration", typicalMs: 1_800_000, min: 0.3, max: 3, action: "quarantine" },
      { type: "points-per-second", max: 20, action: "flag" },
    ],
  },
};

export const boardCreateSchema = partialConfigSchema.extend({ board: boardIdSchema, mode: modeIdSchema.optional() });
export type BoardCreate = z.infer<typeof boardCreateSchema>;
/** `PATCH`: what is absent stays. */
export const boardPatchSchema = partialConfigSchema;
export type BoardPatch = z.infer<typeof boardPatchSchema>;
/** Fields that the first score fixes. */
export const FIXED_FIELDS = Object.keys(orderingShape) as readonly (keyof typeof orderingShape)[]; // the keys of a const object are its key type

export const BOARD_STATES = ["creating", "live", "deleting"] as const;
export const boardViewSchema = z.object({
  board: z.string(),
  mode: z.string().nullable(),
  state: z.enum(BOARD_STATES),
  config: boardConfigSchema,
  /** Rises with each change; the ETag. */
  version: z.number().int(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type BoardView = z.infer<typeof boardViewSchema>;

/** One declarative document for all boards of a tenant: what `observe` gives and `apply` takes. */
export const boardDocumentSchema = z.strictObject({
  modes: z.record(modeIdSchema, boardModeSchema).default({}),
  boards: z.record(boardIdSchema, partialConfigSchema.extend({ mode: modeIdSchema.optional() })).default({}),
});
export type BoardDocument = z.infer<typeof boardDocumentSchema>;
export const boardApplySchema = z.strictObject({
  document: boardDocumentSchema,
  /** Whether boards and modes that the document does not name are removed. */
  prune: z.boolean().default(false),
});
export const boardAppliedSchema = z.object({
  changes: z.array(
    z.object({ what: z.enum(["board", "mode"]), name: z.string(), change: z.enum(["created", "changed", "removed", "same"]) }),
  ),
  /** Changes that one call does not come to: send the same again until it is 0. */
  left: z.number().int(),
});
/** Removes the boards and modes that the document names, if they are there. */
export const boardRemoveSchema = z.strictObject({ document: boardDocumentSchema });
export type BoardApplied = z.infer<typeof boardAppliedSchema>;
