/** One thing that ends: an agent, the server, its log. */
export type StopStep = () => Promise<void>;

/** What `Stopping` touches of the process. */
export interface StoppedProcess {
  on(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void): unknown;
  exit(code: number): void;
  readonly stdout: { on(event: "error", listener: () => void): unknown };
  readonly stderr: { on(event: "error", listener: () => void): unknown };
}

/**
 * Ends a program in order once a signal asks for it, also while it is still starting: what is being started is awaited, then what has been
 * started ends, the newest first. The start looks at `signal` wherever it has waited, and begins nothing more.
 */
export class Stopping {
  readonly #asked = new AbortController();
  readonly #steps: StopStep[] = [];
  readonly #process: StoppedProcess;
  readonly #say: (line: string) => void;
  #starting: Promise<unknown> = Promise.resolve();

  constructor(program: StoppedProcess, say: (line: string) => void) {
    this.#process = program;
    this.#say = say;
  }

  /** Aborted when the program is to end. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  /** From now on signals end the program in order, with code 0. */
  listen(): void {
    this.#process.on("SIGINT", () => void this.stop());
    this.#process.on("SIGTERM", () => void this.stop());
    // The terminal was closed: nobody reads what we print, and printing it must not end us before the others have ended.
    this.#process.on("SIGHUP", () => {
      for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on("error", () => {});
      void this.stop();
    });
  }

  /** Notes how something ends that has been started. */
  add(step: StopStep): void {
    this.#steps.unshift(step);
  }

  /**
   * Starts something that cannot be ended halfway: a stop waits for it.
   * @param stepOf how it ends
   * @throws the reason of `signal` when the program is to end by now; the step is noted all the same
   */
  async starting<T>(work: Promise<T>, stepOf: (made: T) => StopStep): Promise<T> {
    const noted = work.then((made) => {
      this.add(stepOf(made));
      return made;
    });
    this.#starting = noted.catch(() => undefined); // told to the caller, who ends the program by it
    const made = await noted;
    this.signal.throwIfAborted();
    return made;
  }

  /** Ends everything and then the process; once. */
  async stop(): Promise<void> {
    if (this.signal.aborted) return;
    this.#say("meridian: stopping …");
    this.#asked.abort();
    await this.#starting;
    let failed = 0;
    for (const step of this.#steps) {
      try {
        await step();
      } catch (error) {
        // The others must not stay because of one.
        failed++;
        this.#say(`meridian: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    this.#process.exit(failed === 0 ? 0 : 1);
  }
}
