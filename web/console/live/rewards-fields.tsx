import { Plus, X } from "lucide";
import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import { Button } from "../../ui/button.tsx";
import type { RewardDraft } from "./board-draft.ts";
import { kindWords } from "./board-words.ts";

interface RewardsProps {
  readonly draft: readonly RewardDraft[];
  readonly windows: readonly WindowKind[];
  /** `reward.{place}` of one that says neither ranks nor a part. */
  readonly wrong: string | undefined;
  readonly onChange: (draft: readonly RewardDraft[]) => void;
}

/** Who gets what when a window closes. */
export function RewardsFields({ draft, windows, wrong, onChange }: RewardsProps) {
  const kinds = windows.filter((kind) => kind !== "all");
  const [first] = kinds;
  const change = (place: number, part: Partial<RewardDraft>) =>
    onChange(draft.map((reward, i) => (i === place ? { ...reward, ...part } : reward)));
  return (
    <fieldset class="plain">
      <legend>Rewards when a window closes</legend>
      <ul class="lb-rules">
        {draft.map((reward, i) => (
          <li key={i} class="lb-reward">
            <select
              aria-label={`Window of reward ${i + 1}`}
              value={reward.window}
              onChange={({ currentTarget }) => {
                const window = kinds.find((kind) => kind === currentTarget.value);
                if (window) change(i, { window });
              }}
            >
              {kinds.map((kind) => (
                <option key={kind} value={kind}>
                  {kindWords(kind)}
                </option>
              ))}
            </select>
            <input
              aria-label={`Name of reward ${i + 1}`}
              placeholder="daily-champion"
              maxLength={100}
              autocomplete="off"
              value={reward.reward}
              onInput={(event) => change(i, { reward: event.currentTarget.value })}
            />
            <input
              aria-label={`Who gets reward ${i + 1}: ranks such as 1-10, or a part such as 5%`}
              placeholder="1-10 or 5%"
              autocomplete="off"
              aria-invalid={wrong === `reward.${i}` ? "true" : undefined}
              value={reward.who}
              onInput={(event) => change(i, { who: event.currentTarget.value })}
            />
            <Button
              kind="quiet"
              icon={X}
              label={`Leave out reward ${i + 1}`}
              onClick={() => onChange(draft.filter((_, place) => place !== i))}
            />
            {wrong === `reward.${i}` && <span class="field-error">Write ranks such as 1-10, or a part such as 5%.</span>}
          </li>
        ))}
      </ul>
      {first && (
        <Button icon={Plus} onClick={() => onChange([...draft, { window: first, reward: "", who: "" }])}>
          Add a reward
        </Button>
      )}
    </fieldset>
  );
}
