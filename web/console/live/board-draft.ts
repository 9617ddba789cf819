import type { BoardConfig, BoardReward, BoardRule, BoardMode, RuleType } from "../../../contract/leaderboards.ts";
import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import type { BoardInput } from "../../../sdk/api/leaderboards.ts";

/** What a board's forms hold while they are written, as text. */

/** Fields that the first score fixes; the contract's table of them would bring a schema library along, a test holds the two together. */
export const FIXED = ["order", "operator", "decimals", "subscore", "ranking", "windows", "timeZone", "partitions"] as const;
type Ordering = Pick<BoardConfig, (typeof FIXED)[number]>;

/** What the contract gives a board that says nothing; a test holds the two together. */
export const FIRST_ORDERING: Ordering = {
  order: "desc",
  operator: "best",
  decimals: 0,
  subscore: null,
  ranking: "ordinal",
  windows: ["all", "daily", "weekly", "monthly", "season"],
  timeZone: "UTC",
  partitions: [],
};

export interface OrderingDraft extends Omit<Ordering, "partitions" | "windows"> {
  readonly windows: readonly WindowKind[];
  /** One key a line: `region: eu us asia`. */
  readonly partitions: string;
}

/** The form of a new board as its mode would have it. */
export function orderingDraft(defaults: BoardMode = {}): OrderingDraft {
  const { partitions, ...rest } = { ...FIRST_ORDERING, ...known(defaults) };
  return { ...rest, partitions: partitionsText(partitions) };
}

function known(defaults: BoardMode): Partial<Ordering> {
  return Object.fromEntries(FIXED.flatMap((field) => (defaults[field] === undefined ? [] : [[field, defaults[field]]])));
}

export function partitionsText(partitions: Ordering["partitions"]): string {
  return partitions.map(({ key, values }) => `${key}: ${values.join(" ")}`).join("\n");
}

/** Partitions as they are written; what is wrong with them is for the server to say. */
export function partitionsOf(text: string): Ordering["partitions"] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [key = "", rest = ""] = line.split(/:(.*)/s);
      return { key: key.trim(), values: rest.split(/[\s,]+/).filter((value) => value !== "") };
    });
}

/** What is sent for a new board. Rules and rewards come from its mode. */
export function createInput(board: string, mode: string, title: string, ordering: OrderingDraft): BoardInput {
  const { partitions, windows, ...rest } = ordering;
  return {
    board: board.trim(),
    ...(mode !== "" && { mode }),
    ...(title.trim() !== "" ? { title: title.trim() } : mode === "" && { title: board.trim() }),
    ...rest,
    windows: [...windows],
    partitions: partitionsOf(partitions),
  };
}

export interface RuleField {
  readonly field: string;
  readonly label: string;
  readonly first: string;
  /** May be left empty: the board's own runs say. */
  readonly optional?: true;
}
interface RuleForm {
  readonly type: RuleType;
  readonly label: string;
  readonly action: BoardRule["action"];
  readonly fields: readonly RuleField[];
}
/** Every rule with its numbers, in the order of the contract; the first action is the contract's. */
export const RULE_FORMS: readonly RuleForm[] = [
  { type: "max-score", label: "One run scores more than", action: "reject", fields: [{ field: "max", label: "Points", first: "10000" }] },
  { type: "run", label: "The run is unknown, used before, or longer than the server’s clock allows", action: "reject", fields: [] },
  {
    type: "interval",
    label: "The last score was less ago than",
    action: "reject",
    fields: [{ field: "minMs", label: "Milliseconds", first: "60000" }],
  },
  {
    type: "duration",
    label: "It took unusually short or long for a typical run; empty is the median of the board’s runs",
    action: "quarantine",
    fields: [
      { field: "typicalMs", label: "Typical ms, or empty", first: "", optional: true },
      { field: "min", label: "Shorter than, times", first: "0.3" },
      { field: "max", label: "Longer than, times", first: "3" },
    ],
  },
  {
    type: "points-per-second",
    label: "More points in a second than",
    action: "flag",
    fields: [{ field: "max", label: "Points", first: "100" }],
  },
];

export interface RuleDraft {
  readonly on: boolean;
  readonly action: BoardRule["action"];
  readonly values: Readonly<Record<string, string>>;
}
export type RulesDraft = Readonly<Record<RuleType, RuleDraft>>;

export function rulesDraft(rules: readonly BoardRule[]): RulesDraft {
  const drafts = RULE_FORMS.map(({ type, action, fields }) => {
    const rule = rules.find((one) => one.type === type);
    const held: Readonly<Record<string, unknown>> = rule ? { ...rule } : {};
    const values = fields.map(({ field, first }) => [field, rule ? text(held[field]) : first] as const);
    return [type, { on: rule !== undefined, action: rule?.action ?? action, values: Object.fromEntries(values) }] as const;
  });
  return Object.fromEntries(drafts) as unknown as RulesDraft; // RULE_FORMS has every type, which the test holds
}

function text(value: unknown): string {
  return typeof value === "number" ? String(value) : "";
}

/** The rules that are on, or which field of which is no number. */
export function rulesOf(draft: RulesDraft): { rules: BoardRule[] } | { wrong: string } {
  const rules: Record<string, unknown>[] = [];
  for (const { type, fields } of RULE_FORMS) {
    const { on, action, values } = draft[type];
    if (!on) continue;
    const numbers: Record<string, number | null> = {};
    for (const { field, optional } of fields) {
      const written = (values[field] ?? "").trim();
      if (written === "" && optional) numbers[field] = null;
      else if (written === "" || !Number.isFinite(Number(written))) return { wrong: `${type}.${field}` };
      else numbers[field] = Number(written);
    }
    rules.push({ type, action, ...numbers });
  }
  return { rules: rules as unknown as BoardRule[] }; // made by type and field of RULE_FORMS; the server checks the values
}

/** The field that a pointer of the server's refusal (`/rules/1/max`) means in this draft. */
export function wrongRule(pointer: string, draft: RulesDraft): string | undefined {
  const [, place, field] = /^\/rules\/(\d+)\/(\w+)/.exec(pointer) ?? [];
  const on = RULE_FORMS.filter(({ type }) => draft[type].on);
  const rule = place === undefined ? undefined : on[Number(place)];
  return rule && field ? `${rule.type}.${field}` : undefined;
}

export interface RewardDraft {
  readonly window: BoardReward["window"];
  readonly reward: string;
  /** `1-10` and `3` are ranks, `5%` the best twentieth. */
  readonly who: string;
}

export function rewardsDraft(rewards: readonly BoardReward[]): readonly RewardDraft[] {
  return rewards.map(({ window, reward, ranks, topPercent }) => ({
    window,
    reward,
    who: ranks ? (ranks.from === ranks.to ? `${ranks.from}` : `${ranks.from}-${ranks.to}`) : `${topPercent}%`,
  }));
}

/** Rewards as they are written; of one that says neither ranks nor a part of the players, its place. */
export function rewardsOf(drafts: readonly RewardDraft[]): { rewards: BoardReward[] } | { wrong: number } {
  const rewards: BoardReward[] = [];
  for (const [i, { window, reward, who }] of drafts.entries()) {
    const ranks = /^\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?$/.exec(who);
    const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(who);
    if (ranks) rewards.push({ window, reward: reward.trim(), ranks: { from: Number(ranks[1]), to: Number(ranks[2] ?? ranks[1]) } });
    else if (percent) rewards.push({ window, reward: reward.trim(), topPercent: Number(percent[1]) });
    else return { wrong: i };
  }
  return { rewards };
}

/** What a rule may do, in the order of severity. */
export const RULE_ACTIONS_SHOWN = [
  { id: "reject", words: "refuse the score" },
  { id: "quarantine", words: "hold it until it is reviewed" },
  { id: "flag", words: "count it and review it" },
] as const;
