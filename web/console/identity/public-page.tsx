import { useSignal } from "@preact/signals";
import { EyeOff } from "lucide";
import { GRANT_KINDS, type Thing } from "../../../contract/grants.ts";
import type { PublicThing } from "../../../contract/settings.ts";
import { SUBJECT_LIMITS } from "../../../contract/subject-id.ts";
import { collect } from "../../lib/collect.ts";
import { asError, useResource } from "../../lib/resource.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page-head.tsx";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { When } from "../../ui/when.tsx";
import { api } from "../api.ts";
import { Listing } from "../listing.tsx";
import { me } from "../session.ts";
import { markerWords, publicHead } from "./public-words.ts";
import "./identity.css";

const KINDS = Object.keys(GRANT_KINDS);

function MarkForm({ onMarked }: { onMarked: (thing: Thing) => void }) {
  const kind = useSignal(KINDS[0] ?? "");
  const name = useSignal("");
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    problem.value = undefined;
    try {
      await api.public.mark(kind.value, name.value.trim());
      const thing = { kind: kind.value, name: name.value.trim() };
      name.value = "";
      onMarked(thing);
    } catch (failure) {
      const error = asError(failure);
      problem.value = error.errors[0]?.detail ?? error.detail;
    }
    busy.value = false;
  };
  return (
    <form class="form line" aria-label="Make something public" onSubmit={(event) => void submit(event)}>
      <Field label="Kind">
        {(control) => (
          <select {...control} value={kind.value} onChange={(event) => (kind.value = event.currentTarget.value)}>
            {KINDS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Name" hint="One name, or the beginning of names followed by *." error={problem.value}>
        {(control) => (
          <input
            {...control}
            required
            maxLength={SUBJECT_LIMITS.thingChars}
            autocomplete="off"
            spellcheck={false}
            placeholder="shop_orders or shop_*"
            value={name.value}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" busy={busy.value} disabled={name.value.trim() === ""}>
        Make public
      </Button>
    </form>
  );
}

/** Everything that anybody can read without a credential, with one click to take it back. */
export default function PublicPage() {
  const things = useResource("public", (signal) => collect((page) => api.public.list(page, { signal })), 15_000);
  // Those who may mark things may list members too: both are for owners and admins.
  const members = useResource("members of marks", (signal) => collect((page) => api.members.list(page, { signal })));
  const rows = things.data.value;
  const undoable = (said: string, undo: () => Promise<unknown>) => {
    things.reload();
    toast(said, { undo: () => void undo().then(things.reload, failed) });
  };
  const hide = async ({ kind, name }: Thing) => {
    try {
      await api.public.unmark(kind, name);
      undoable(`${kind} ${name} is private again, everywhere within 2 seconds.`, () => api.public.mark(kind, name));
    } catch (failure) {
      failed(failure);
    }
  };
  const marked = ({ kind, name }: Thing) =>
    undoable(`Anybody can read ${kind} ${name} within 2 seconds.`, () => api.public.unmark(kind, name));
  const columns: readonly [Column<PublicThing>, ...Column<PublicThing>[]] = [
    { key: "name", title: "Name", value: ({ name }) => name, cell: ({ name }) => <code>{name}</code> },
    { key: "kind", title: "Kind", wide: true, value: ({ kind }) => kind },
    {
      key: "by",
      title: "Made public by",
      wide: true,
      value: ({ markedBy }) => markerWords(markedBy, me.value?.id, members.data.value ?? []),
      cell: ({ markedBy }) => <span title={markedBy}>{markerWords(markedBy, me.value?.id, members.data.value ?? [])}</span>,
    },
    {
      key: "at",
      title: "Since",
      number: true,
      wide: true,
      value: ({ markedAt }) => markedAt,
      cell: ({ markedAt }) => <When at={markedAt} />,
    },
    {
      key: "hide",
      title: "Act",
      acts: true,
      value: () => null,
      cell: (thing) => (
        <Button kind="quiet" icon={EyeOff} onClick={() => void hide(thing)}>
          Make private
        </Button>
      ),
    },
  ];
  return (
    <>
      {rows && <PageHead tone={rows.length === 0 ? "ok" : "info"} {...publicHead(rows)} />}
      <MarkForm onMarked={marked} />
      <Listing
        of={things}
        what="public things"
        empty={<EmptyState title="Nothing is public">Things are private unless marked: name one above and anybody can read it.</EmptyState>}
      >
        {(all) => <Table name="public" label="Public things" columns={columns} rows={all} id={({ kind, name }) => `${kind} ${name}`} />}
      </Listing>
    </>
  );
}

function failed(failure: unknown): void {
  toast(asError(failure).detail, { tone: "critical" });
}
