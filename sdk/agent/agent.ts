import { AGENT_LIMITS, type AgentConfig, type AgentHealth, DEFAULT_AGENT_CONFIG } from "../../contract/agents.ts";
import { BatchMaker } from "./batch.ts";
import { type Clock, delayToNextRound, phaseOf, type Timers } from "./clock.ts";
import type { Collector, CollectorName } from "./collector.ts";
import { CollectorRunner } from "./collector-runner.ts";
import type { ConfigStore } from "./config-store.ts";
import { ControlSocket, type Socket } from "./control-socket.ts";
import type { Log } from "./log.ts";
import type { Post } from "./post.ts";
import { Problems } from "./problems.ts";
import { Sender } from "./sender.ts";
import { SeriesMemory } from "./series.ts";
import type { Spool } from "./spool.ts";

export interface AgentDeps {
  readonly host: string;
  readonly agentVersion: string;
  readonly platform: string;
  /** Until the server says otherwise. */
  readonly intervalMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly collectors: readonly Collector[];
  readonly spool: Spool;
  readonly post: Post;
  readonly openSocket: () => Socket;
  readonly configStore: ConfigStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
}

/** The first round comes so soon after the start: long enough for CPU and rates to have two readings. */
const FIRST_ROUND_MS = 1_000;
/** How long a stop waits for the batch in flight, within the 5 s that a service manager and a newcomer's Ctrl-C allow. */
const STOP_GRACE_MS = 3_000;

/** One host's agent: rounds of collectors, a sender behind a spool, a control socket. Each part fails by itself. */
export class Agent {
  readonly #deps: AgentDeps;
  readonly #problems: Problems;
  readonly #runner: CollectorRunner;
  readonly #series = new SeriesMemory();
  readonly #batches: BatchMaker;
  readonly #sender: Sender;
  readonly #control: ControlSocket;
  #config: AgentConfig;
  #running = false;
  #round: Promise<void> | undefined;
  #cancelRound: (() => void) | undefined;
  #stopped = false;

  constructor(deps: AgentDeps) {
    this.#deps = deps;
    const { clock, timers, random, log, spool, post } = deps;
    this.#config = deps.configStore.load() ?? { ...DEFAULT_AGENT_CONFIG, intervalMs: deps.intervalMs };
    this.#problems = new Problems(log);
    this.#runner = new CollectorRunner(deps.collectors, { clock, timers, problems: this.#problems });
    this.#batches = new BatchMaker(deps.host, clock.wallMs());
    this.#sender = new Sender({ post, spool, clock, timers, random, log, problems: this.#problems });
    this.#control = new ControlSocket({
      open: deps.openSocket,
      clock,
      timers,
      random,
      problems: this.#problems,
      hello: { host: deps.host, agentVersion: deps.agentVersion, platform: deps.platform },
      health: () => this.health(),
      apply: (config) => this.#apply(config),
      connected: () => this.#sender.nudge(),
    });
  }

  start(): void {
    this.#control.start();
    // Counters need a reading to start from; what this one brings is thrown away.
    void this.#runner.run(new Set<CollectorName>(["cpu", "disk", "network"]), 0);
    this.#cancelRound = this.#deps.timers.after(FIRST_ROUND_MS, () => this.#beginRound());
  }

  /** Finishes the round and the batch in flight, keeps the rest in the spool. Takes a little over 3 s at most. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRound?.();
    this.#control.close();
    await this.#sender.close(STOP_GRACE_MS);
  }

  health(): AgentHealth {
    const { clock, spool } = this.#deps;
    return {
      at: Math.round(clock.wallMs()),
      configVersion: this.#config.version,
      spoolBatches: spool.batches,
      spoolBytes: spool.bytes,
      droppedBatches: spool.dropped + this.#sender.tooOld + this.#sender.refused,
      problems: this.#problems.lines(clock.monoMs()),
    };
  }

  #beginRound(): void {
    if (this.#stopped) return;
    // The first round came when the agent started, not at its phase: the second follows within one interval, so that no step stays empty.
    this.#scheduleNext(this.#running ? 0 : undefined);
    this.#running = true;
    // A collector may take longer than a short interval: rounds do not overlap, the next one is skipped.
    if (this.#round !== undefined) return;
    this.#round = this.#collect(this.#deps.clock.wallMs()).finally(() => {
      this.#round = undefined;
    });
  }

  #scheduleNext(sinceMs: number | undefined): void {
    const { clock, timers, host } = this.#deps;
    const { intervalMs } = this.#config;
    const delay = delayToNextRound(clock.wallMs(), intervalMs, phaseOf(host, intervalMs), sinceMs);
    this.#cancelRound?.();
    this.#cancelRound = timers.after(delay, () => this.#beginRound());
  }

  async #collect(wallMs: number): Promise<void> {
    const { host, labels } = this.#deps;
    const enabled = new Set(this.#config.collectors);
    const round = await this.#runner.run(enabled, this.#config.intervalMs);
    const common = { ...labels, ...this.#config.labels };
    const samples = this.#series.samplesOf(round, enabled, common, host, Math.round(wallMs));
    for (const batch of this.#batches.batchesOf(samples)) this.#sender.take(batch);
  }

  #apply(config: AgentConfig): void {
    // Version 0 means that nobody has configured this agent yet: its own flags hold.
    if (config.version === this.#config.version || config.version === 0) return;
    this.#config = { ...config, labels: Object.fromEntries(Object.entries(config.labels).slice(0, AGENT_LIMITS.labels)) };
    this.#deps.configStore.save(this.#config);
    const { version, intervalMs, collectors } = this.#config;
    this.#deps.log.info(`configuration ${version} applied: every ${intervalMs / 1_000} s, ${collectors.join(" ") || "no collectors"}`);
    // From here, not from the last round: with a long interval the new configuration would be out of sight for minutes.
    if (!this.#stopped && this.#running) this.#scheduleNext(undefined);
  }
}
