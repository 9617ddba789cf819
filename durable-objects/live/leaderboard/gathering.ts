/**
 * Lets calls that come in at the same time go on in the same turn. Each is a transaction of its own, and the platform stores all that a turn
 * has changed with one commit: waiting for the disk is most of what a single change costs.
 */
export class Gathering {
  #turn: Promise<void> | undefined;

  /** In the order of the calls. */
  async join(): Promise<void> {
    this.#turn ??= this.#next();
    await this.#turn;
  }

  async #next(): Promise<void> {
    await scheduler.wait(0);
    this.#turn = undefined;
  }
}
