import type { Program } from "./program.ts";
import type { Place } from "./tree.ts";

/** States and transitions that one automaton remembers. A pattern that needs more is followed without memory, at its linear cost. */
const MAX_STATES = 500;
const MAX_TRANSITIONS = 20_000;

/** What a place is judged by: the character before it or after it; none at the text's ends. */
const NONE = -1;

/** Where the text may be in the program before the next character is known, and what the last one was. */
interface State {
  readonly kernel: readonly number[];
  readonly before: number;
  readonly next: Map<number, State>;
  /** Whether the text may end here; asked once. */
  accepts: boolean | undefined;
}

/**
 * Follows a program over a whole text: all of its paths at once, so that a text costs at most its length times the program's. Sets of
 * instructions that were met before are states of a deterministic automaton which grows as texts ask for it (as in RE2, see Russ Cox,
 * "Regular Expression Matching in the Wild"), and cost one look-up per character.
 */
export class Automaton {
  readonly #program: Program;
  readonly #states = new Map<string, State>();
  readonly #start: State;
  #transitions = 0;
  /** Which instructions were visited, and which were found, since `#round` was raised. */
  readonly #visited: Uint32Array;
  readonly #found: Uint32Array;
  #round = 0;
  readonly #pending: number[] = [];

  constructor(program: Program) {
    this.#program = program;
    this.#visited = new Uint32Array(program.instructions.length);
    this.#found = new Uint32Array(program.instructions.length);
    this.#start = newState([program.start], NONE);
  }

  /** Whether the whole text matches. */
  test(text: string): boolean {
    let state = this.#start;
    for (let at = 0; at < text.length;) {
      const rune = text.codePointAt(at) ?? 0;
      at += rune > 0xffff ? 2 : 1;
      state = state.next.get(rune) ?? this.#step(state, rune);
      if (state.kernel.length === 0) return false;
    }
    return (state.accepts ??= this.#follow(state, NONE).includes(0));
  }

  #step(state: State, rune: number): State {
    const kernel = this.#follow(state, rune);
    const before = kindOf(rune);
    // Not remembered, and so found by nobody: each of its successors is computed again.
    if (this.#transitions >= MAX_TRANSITIONS || this.#states.size >= MAX_STATES) return newState(kernel, before);
    kernel.sort((a, b) => a - b);
    const key = `${before}:${kernel.join()}`;
    let next = this.#states.get(key);
    if (!next) {
      next = newState(kernel, before);
      this.#states.set(key, next);
    }
    state.next.set(rune, next);
    this.#transitions++;
    return next;
  }

  /** Where a character leads from everything that can be reached without one. At the text's end: `[0]` if it may end here. */
  #follow({ kernel, before }: State, rune: number): number[] {
    const { instructions } = this.#program;
    const after = kindOf(rune);
    const found: number[] = [];
    const pending = this.#pending;
    pending.length = 0;
    pending.push(...kernel);
    this.#round++;
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (this.#visited[at] === this.#round) continue;
      this.#visited[at] = this.#round;
      const instruction = instructions[at];
      if (instruction === undefined) throw new Error("a step that the program does not have");
      switch (instruction.type) {
        case "match":
          if (rune === NONE) return [0];
          break;
        case "rune":
          if (rune !== NONE && this.#found[instruction.to] !== this.#round && instruction.set.has(rune)) {
            this.#found[instruction.to] = this.#round;
            found.push(instruction.to);
          }
          break;
        case "place":
          if (holds(instruction.place, before, after)) pending.push(instruction.to);
          break;
        case "split":
          pending.push(...instruction.to);
      }
    }
    return found;
  }
}

function newState(kernel: readonly number[], before: number): State {
  return { kernel, before, next: new Map(), accepts: undefined };
}

const LINE_BREAK = 0;
const WORD = 1;
const OTHER = 2;

/** All that places ask of a character, so that states do not differ by more. Words are ASCII's, as in RE2. */
function kindOf(rune: number): number {
  if (rune === NONE) return NONE;
  if (rune === 0x0a) return LINE_BREAK;
  const word = (rune >= 0x61 && rune <= 0x7a) || (rune >= 0x30 && rune <= 0x39) || (rune >= 0x41 && rune <= 0x5a) || rune === 0x5f;
  return word ? WORD : OTHER;
}

function holds(place: Place, before: number, after: number): boolean {
  switch (place) {
    case "text-start":
      return before === NONE;
    case "text-end":
      return after === NONE;
    case "line-start":
      return before === NONE || before === LINE_BREAK;
    case "line-end":
      return after === NONE || after === LINE_BREAK;
    case "word-edge":
      return (before === WORD) !== (after === WORD);
    case "no-word-edge":
      return (before === WORD) === (after === WORD);
  }
}
