export type Tone = "ok" | "warn" | "critical" | "info" | "muted";

/** A shape per tone, so that a state can be told without its colour: disc, triangle, diamond, ring, dash. */
function Shape({ tone }: { tone: Tone }) {
  switch (tone) {
    case "ok":
      return <circle cx="6" cy="6" r="4.5" />;
    case "warn":
      return <path d="M6 1 11.5 11H.5Z" />;
    case "critical":
      return <path d="M6 .5 11.5 6 6 11.5.5 6Z" />;
    case "info":
      return <circle cx="6" cy="6" r="3.75" class="ring" />;
    case "muted":
      return <path d="M1.5 4.75h9v2.5h-9Z" />;
  }
}

export function StateMark({ tone, size = 10 }: { tone: Tone; size?: number }) {
  return (
    <svg class={`state-mark ${tone}`} viewBox="0 0 12 12" width={size} height={size} aria-hidden="true">
      <Shape tone={tone} />
    </svg>
  );
}

/** Colour, shape and word. */
export function StateBadge({ tone, word, title }: { tone: Tone; word: string; title?: string }) {
  return (
    <span class={`state-badge ${tone}`} title={title}>
      <StateMark tone={tone} />
      {word}
    </span>
  );
}
