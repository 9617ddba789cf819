import type { AgentConfig } from "../../contract/agents.ts";

export type CollectorName = AgentConfig["collectors"][number];

/** One figure, without the labels that every figure of the host carries. */
export interface Reading {
  readonly metric: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Collector {
  readonly name: CollectorName;
  /** At least this long between two readings; 0 for each round. */
  readonly everyMs: number;
  /** A reading that takes longer is left behind. */
  readonly limitMs: number;
  /**
   * @param monoMs when the round began, monotonic: rates divide by it
   * @param warn says what part failed while the rest is answered
   */
  read(monoMs: number, warn: (text: string) => void): Promise<readonly Reading[]>;
}
