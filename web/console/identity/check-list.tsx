import type { Explained } from "../../../contract/subjects.ts";
import { StateBadge } from "../../ui/state-badge.tsx";

/** The checks of a token in order, up to the first that failed. */
export function CheckList({ checks }: { checks: Explained["checks"] }) {
  return (
    <ol class="checks" aria-label="Checks">
      {checks.map(({ check, ok, detail }) => (
        <li key={check}>
          <StateBadge tone={ok ? "ok" : "critical"} word={check} />
          <span class="muted">{detail}</span>
        </li>
      ))}
    </ol>
  );
}
