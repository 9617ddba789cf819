import type { ComponentChildren } from "preact";
import { type Tone, StateMark } from "./state-badge.tsx";

interface PageHeadProps {
  /** Is it all right. */
  readonly tone: Tone;
  readonly headline: string;
  /** Since when, or what changed. */
  readonly detail?: ComponentChildren;
  /** What can be done: two acts at most. */
  readonly actions?: ComponentChildren;
}

/** The top of every page: a state, a number, since when, and what can be done. */
export function PageHead({ tone, headline, detail, actions }: PageHeadProps) {
  return (
    <div class="page-head">
      <div class="page-state">
        <h1>
          <StateMark tone={tone} size={14} />
          {headline}
        </h1>
        {detail && <p class="muted">{detail}</p>}
      </div>
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}
