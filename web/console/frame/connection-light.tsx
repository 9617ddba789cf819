import { now } from "../../lib/clock.ts";
import { describeLink } from "../../lib/link-words.ts";
import { StateMark } from "../../ui/state-badge.tsx";
import { link, newestDataAt, reconnect, retryAt } from "../live.ts";

/** How the live socket is doing. A press tries again at once. */
export function ConnectionLight() {
  const { tone, words } = describeLink(link.value, retryAt.value, newestDataAt.value, now.value);
  const lost = tone === "warn" || tone === "critical";
  return (
    <span class={`connection-light ${tone}`} role="status">
      <StateMark tone={tone} />
      <span class="connection-words">{words}</span>
      {lost && (
        <button type="button" class="link-button" onClick={reconnect}>
          Retry
        </button>
      )}
    </span>
  );
}
