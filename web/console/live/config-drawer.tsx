import { useSignal } from "@preact/signals";
import type { BoardView } from "../../../contract/leaderboards.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { plural } from "../../lib/format.ts";
import { asError } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy-button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { can } from "../session.ts";
import { partitionsText, rewardsDraft, rewardsOf, rulesDraft, rulesOf, wrongRule } from "./board-draft.ts";
import { kindWords } from "./board-words.ts";
import { RewardsFields } from "./rewards-fields.tsx";
import { RulesFields } from "./rules-fields.tsx";

const FORM = "board-config";

/** What orders the board, which nobody changes once there is a score. */
function Fixed({ of: { config }, scored }: { of: BoardView; scored: boolean | undefined }) {
  const { order, operator, decimals, subscore, ranking, windows, timeZone, partitions } = config;
  const facts = [
    ["Order", order === "desc" ? "the highest first" : "the lowest first"],
    ["Counts", operator === "sum" ? "all runs together" : operator === "best" ? "the best run" : "the latest run"],
    ["Decimals", String(decimals)],
    ["Ties", subscore === null ? "the earlier score" : `a second number, ${subscore === "desc" ? "the highest" : "the lowest"} first`],
    ["Ranks", ranking],
    ["Windows", windows.map(kindWords).join(", ")],
    ["Time zone", timeZone],
    ["Partitions", partitions.length === 0 ? "none" : partitionsText(partitions)],
  ] as const;
  return (
    <section aria-labelledby="lb-fixed">
      <h3 id="lb-fixed">{scored === false ? "What orders it" : "Fixed by the first score"}</h3>
      {scored === false && <p class="muted">Nobody has scored yet: apply the board as a document to change this.</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
      </dl>
    </section>
  );
}

interface ConfigProps {
  readonly of: BoardView;
  /** Whether somebody has scored on it; undefined while that is not known. */
  readonly scored: boolean | undefined;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** A board's definition: what may be changed, under the version that was read, and what is fixed. */
export function ConfigDrawer({ of: latest, scored, onSaved, onClose }: ConfigProps) {
  // What was read when it was opened: a change by somebody else meanwhile is refused and not overwritten.
  const of = useSignal(latest).value;
  const title = useSignal(of.config.title);
  const shadow = useSignal(of.config.shadow);
  const rules = useSignal(rulesDraft(of.config.rules));
  const rewards = useSignal(rewardsDraft(of.config.rewards));
  const wrong = useSignal<string | undefined>(undefined);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const busy = useSignal(false);
  const manages = can("leaderboards:manage");

  const submit = async (event: Event) => {
    event.preventDefault();
    const readRules = rulesOf(rules.value);
    const readRewards = rewardsOf(rewards.value);
    wrong.value = "wrong" in readRules ? readRules.wrong : "wrong" in readRewards ? `reward.${readRewards.wrong}` : undefined;
    failed.value = undefined;
    if ("wrong" in readRules || "wrong" in readRewards) return;
    busy.value = true;
    try {
      const change = { title: title.value.trim(), shadow: shadow.value, ...readRules, ...readRewards };
      await api.leaderboards.change(of.board, change, of.version);
      toast("Saved; it counts for the next score.");
      onSaved();
      onClose();
    } catch (failure) {
      const error = asError(failure);
      failed.value = error;
      wrong.value = error.errors.map(({ pointer }) => wrongRule(pointer, rules.value)).find((field) => field !== undefined);
      busy.value = false;
    }
  };
  const error = failed.value;
  return (
    <Drawer
      title={of.config.title}
      label={`Definition of ${of.board}`}
      onClose={onClose}
      foot={
        <>
          {error && (
            <p class="field-error" role="alert">
              {error.slug === "precondition-failed" ? "Somebody else changed the board meanwhile: close this and open it again. " : ""}
              {error.detail}
              {error.errors.map(({ pointer, detail }) => ` ${pointer}: ${detail}.`)}
              {error.requestId && ` (request ${error.requestId})`}
            </p>
          )}
          {manages && (
            <Button type="submit" form={FORM} kind="primary" busy={busy.value} disabled={title.value.trim() === ""}>
              Save
            </Button>
          )}
          <CopyButton text={() => JSON.stringify({ boards: { [of.board]: of.config } }, null, 2)} words="Copy as JSON" />
        </>
      }
    >
      <form id={FORM} class="form" noValidate onSubmit={(event) => void submit(event)}>
        <fieldset class="plain lb-fieldset" disabled={!manages}>
          <legend class="visually-hidden">What can be changed</legend>
          <Field label="Title" error={error?.fieldError("/title")}>
            {(control) => (
              <input {...control} maxLength={100} value={title.value} onInput={(event) => (title.value = event.currentTarget.value)} />
            )}
          </Field>
          <label>
            <input type="checkbox" checked={shadow.value} onChange={(event) => (shadow.value = event.currentTarget.checked)} /> A suspended
            player still sees their own row
          </label>
          <RulesFields draft={rules.value} wrong={wrong.value} onChange={(next) => (rules.value = next)} />
          <RewardsFields
            draft={rewards.value}
            windows={of.config.windows}
            wrong={wrong.value}
            onChange={(next) => (rewards.value = next)}
          />
        </fieldset>
      </form>
      <Fixed of={of} scored={scored} />
      <p class="muted">
        {of.mode === null ? "Without a mode" : `Mode ${of.mode}`}, created <When at={of.createdAt} />, changed <When at={of.updatedAt} />.{" "}
        {plural(of.config.rules.length, "rule")}, {plural(of.config.rewards.length, "reward")}.
      </p>
    </Drawer>
  );
}
