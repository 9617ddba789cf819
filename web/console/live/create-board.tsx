import { useSignal } from "@preact/signals";
import { WINDOW_KINDS } from "../../../contract/leaderboard-limits.ts";
import type { MeridianError } from "../../../sdk/errors.ts";
import { go } from "../../lib/location.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Drawer } from "../../ui/drawer.tsx";
import { Field } from "../../ui/field.tsx";
import { toast } from "../../ui/toast.tsx";
import { api } from "../api.ts";
import { createInput, orderingDraft, type OrderingDraft } from "./board-draft.ts";
import { boardAddress, kindWords } from "./board-words.ts";
import { Choose, type Choices } from "./choose.tsx";

const ORDERS: Choices<"desc" | "asc"> = { desc: "the highest first", asc: "the lowest first" };
const OPERATORS: Choices<OrderingDraft["operator"]> = { best: "the best run", latest: "the latest run", sum: "all runs together" };
const RANKINGS: Choices<OrderingDraft["ranking"]> = { ordinal: "1, 2, 3, 4", competition: "1, 2, 2, 4", dense: "1, 2, 2, 3" };
const SUBSCORES: Choices<"" | "asc" | "desc"> = {
  "": "no, the earlier score leads",
  desc: "yes, the highest leads",
  asc: "yes, the lowest leads",
};

interface OrderingProps {
  readonly draft: OrderingDraft;
  readonly error: MeridianError | undefined;
  readonly change: (change: Partial<OrderingDraft>) => void;
}

/** What orders a board: asked for once, since the first score fixes it. */
function OrderingFields({ draft, error, change }: OrderingProps) {
  const toggle = (kind: (typeof WINDOW_KINDS)[number], on: boolean) =>
    change({ windows: WINDOW_KINDS.filter((one) => (one === kind ? on : draft.windows.includes(one))) });
  return (
    <>
      <Choose label="In order" choices={ORDERS} value={draft.order} onChoose={(order) => change({ order })} />
      <Choose label="What counts" choices={OPERATORS} value={draft.operator} onChoose={(operator) => change({ operator })} />
      <Choose label="Ranks of equals" choices={RANKINGS} value={draft.ranking} onChoose={(ranking) => change({ ranking })} />
      <Choose
        label="A second number breaks ties"
        choices={SUBSCORES}
        value={draft.subscore ?? ""}
        onChoose={(subscore) => change({ subscore: subscore === "" ? null : subscore })}
      />
      <Field label="Decimal places" hint="Kept of a score, 0 to 6." error={error?.fieldError("/decimals")}>
        {(control) => (
          <input
            {...control}
            type="number"
            min={0}
            max={6}
            value={draft.decimals}
            onInput={(event) => change({ decimals: Number(event.currentTarget.value) })}
          />
        )}
      </Field>
      <fieldset class="plain">
        <legend>Windows</legend>
        <div class="lb-row">
          {WINDOW_KINDS.map((kind) => (
            <label key={kind}>
              <input
                type="checkbox"
                checked={draft.windows.includes(kind)}
                onChange={(event) => toggle(kind, event.currentTarget.checked)}
              />{" "}
              {kindWords(kind)}
            </label>
          ))}
        </div>
      </fieldset>
      <Field label="Time zone" hint="Where a day ends, such as Europe/Berlin." error={error?.fieldError("/timeZone")}>
        {(control) => (
          <input
            {...control}
            autocomplete="off"
            spellcheck={false}
            value={draft.timeZone}
            onInput={(event) => change({ timeZone: event.currentTarget.value.trim() })}
          />
        )}
      </Field>
      <Field
        label="Partitions"
        hint="A board of its own for each value of a key, a key a line: region: eu us asia"
        error={error?.errors.find(({ pointer }) => pointer.startsWith("/partitions"))?.detail}
      >
        {(control) => (
          <textarea
            {...control}
            class="code"
            rows={2}
            spellcheck={false}
            value={draft.partitions}
            onInput={(event) => change({ partitions: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  );
}

/** A new board, with what its mode gives and what is changed of that. */
export function CreateBoard({ onClose }: { onClose: () => void }) {
  const modes = useResource("modes", async (signal) => (await api.leaderboards.modes.list({ signal })).items);
  const board = useSignal("");
  const title = useSignal("");
  const mode = useSignal("");
  const draft = useSignal(orderingDraft());
  const busy = useSignal(false);
  const failed = useSignal<MeridianError | undefined>(undefined);
  const chosen = modes.data.value?.find((one) => one.mode === mode.value);
  const choices = { "": "none", ...Object.fromEntries((modes.data.value ?? []).map((one) => [one.mode, one.mode])) };
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    failed.value = undefined;
    try {
      const made = await api.leaderboards.create(createInput(board.value, mode.value, title.value, draft.value));
      toast(`The board “${made.config.title}” takes scores.`);
      go(boardAddress(made.board));
    } catch (failure) {
      failed.value = asError(failure);
      busy.value = false;
    }
  };
  const error = failed.value;
  return (
    <Drawer
      title="Create a board"
      label="Create a board"
      onClose={onClose}
      foot={
        <>
          {error && (
            <p class="field-error" role="alert">
              {error.detail}
              {error.requestId && ` (request ${error.requestId})`}
            </p>
          )}
          <Button type="submit" form="create-board" kind="primary" busy={busy.value} disabled={board.value.trim() === ""}>
            Create the board
          </Button>
        </>
      }
    >
      <form id="create-board" class="form" onSubmit={(event) => void submit(event)}>
        <Field label="Name" hint="In addresses, for good: a to z, digits and hyphens." error={error?.fieldError("/board")}>
          {(control) => (
            <input
              {...control}
              required
              maxLength={64}
              autocomplete="off"
              spellcheck={false}
              value={board.value}
              onInput={(event) => (board.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <Choose
          label="Mode"
          choices={choices}
          value={mode.value}
          onChoose={(next) => {
            mode.value = next;
            draft.value = orderingDraft(modes.data.value?.find((one) => one.mode === next)?.defaults);
          }}
          hint={
            chosen
              ? `Gives the board ${chosen.defaults.rules?.length ?? 0} rules and ${chosen.defaults.rewards?.length ?? 0} rewards; both can be changed later.`
              : modes.error.value
                ? "The modes could not be read; without one the board begins with no rules."
                : "A mode gives a board its rules and rewards to begin with."
          }
        />
        <Field label="Title" hint="As players read it." error={error?.fieldError("/title")}>
          {(control) => (
            <input
              {...control}
              maxLength={100}
              placeholder={chosen?.defaults.title ?? board.value}
              value={title.value}
              onInput={(event) => (title.value = event.currentTarget.value)}
            />
          )}
        </Field>
        <fieldset class="plain lb-fieldset">
          <legend>What orders it; the first score fixes this</legend>
          <OrderingFields draft={draft.value} error={error} change={(change) => (draft.value = { ...draft.value, ...change })} />
        </fieldset>
      </form>
    </Drawer>
  );
}
