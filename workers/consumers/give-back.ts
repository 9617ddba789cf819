/** Seconds before the first retry, doubled for each further one up to the cap: eight retries stretch over about eight minutes. */
export const RETRY_DELAY = { baseS: 2, capS: 300 } as const;

/** Seconds until a message that failed for the `attempts`-th time is delivered again. */
export function retryDelayS(attempts: number): number {
  return Math.min(RETRY_DELAY.capS, RETRY_DELAY.baseS * 2 ** Math.min(Math.max(attempts - 1, 0), 30));
}

/**
 * Hands a message back to its queue. The first failure is logged; the giving-up is logged by the consumer of the dead
 * letters, and the failures between them are not.
 * @param wait false when no waiting can help: the message then reaches the dead letters within seconds
 */
export function giveBack(queue: string, message: Message, reason: string, wait: boolean): void {
  if (message.attempts <= 1) {
    console.warn(JSON.stringify({ level: "warn", message: "queue message failed", queue, messageId: message.id, reason }));
  }
  message.retry(wait ? { delaySeconds: retryDelayS(message.attempts) } : {});
}

/** An error as one line for logs and dead letters. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
