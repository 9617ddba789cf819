export interface Command {
  /** Unique; also what is remembered. */
  readonly id: string;
  readonly title: string;
  /** What kind of thing it is: `page`, `host`, `action`. */
  readonly kind: string;
  readonly hint?: string;
  readonly run: () => void;
}

/**
 * How well a text fits what was typed; 0 is not at all. A start beats the start of a word, which beats the middle,
 * which beats letters in order.
 */
export function fit(typed: string, text: string): number {
  const want = typed.trim().toLowerCase();
  const have = text.toLowerCase();
  if (want === "") return 1;
  const at = have.indexOf(want);
  if (at === 0) return 1_000 - have.length;
  if (at > 0) return (/[\s/._-]/.test(have[at - 1] ?? "") ? 700 : 500) - have.length;
  let from = 0;
  let gaps = 0;
  for (const letter of want) {
    const found = have.indexOf(letter, from);
    if (found < 0) return 0;
    gaps += found - from;
    from = found + 1;
  }
  return Math.max(1, 200 - gaps);
}

/** The commands that fit, best first; equal ones keep their order. Every word typed has to fit title or kind. */
export function filterCommands<C extends Pick<Command, "title" | "kind">>(typed: string, commands: readonly C[], limit = 50): C[] {
  const words = typed.trim().split(/\s+/);
  const scored = commands.map((command, order) => {
    const whole = fit(typed, command.title);
    const parts = words.map((word) => Math.max(fit(word, command.title), fit(word, command.kind) / 2));
    return { command, order, score: whole || (parts.every((part) => part > 0) ? Math.min(...parts) : 0) };
  });
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, limit)
    .map(({ command }) => command);
}
