export type KeyAction = { readonly type: "go"; readonly letter: string } | { readonly type: "palette" | "help" | "search" | "pause" };

/** What was pressed, as far as it matters. */
export interface Press {
  readonly key: string;
  readonly command: boolean;
  /** Alt, or anything else that makes it another program's key. */
  readonly other: boolean;
  /** The focus is where letters are typed. */
  readonly typing: boolean;
}

/** After this the `g` before is forgotten. */
const SEQUENCE_MS = 1_200;

/**
 * The console's keys as a small machine: Ctrl/Cmd-K anywhere; `/`, `?`, `p` and `g` + letter where nobody types.
 * @returns the action, if any, and the state to pass next time
 */
export function readKey(pendingSince: number | null, press: Press, atMs: number): { action?: KeyAction; pendingSince: number | null } {
  if (press.command) return press.key.toLowerCase() === "k" ? { action: { type: "palette" }, pendingSince: null } : { pendingSince: null };
  if (press.typing || press.other) return { pendingSince: null };
  if (pendingSince !== null && atMs - pendingSince <= SEQUENCE_MS && /^[a-z]$/.test(press.key)) {
    return { action: { type: "go", letter: press.key }, pendingSince: null };
  }
  switch (press.key) {
    case "g":
      return { pendingSince: atMs };
    case "/":
      return { action: { type: "search" }, pendingSince: null };
    case "?":
      return { action: { type: "help" }, pendingSince: null };
    case "p":
      return { action: { type: "pause" }, pendingSince: null };
    default:
      return { pendingSince: null };
  }
}
