import { type Signal, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Columns3, Download } from "lucide";
import { download } from "../lib/download.ts";
import { csv } from "../lib/table-model.ts";
import { Button } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";
import type { Column } from "./table.tsx";

const chosen = new Map<string, Signal<ReadonlySet<string>>>();

function storedAs(name: string): string {
  return `meridian.columns.${name}`;
}

/** The columns a person has put away, remembered per table. */
export function hiddenColumns(name: string): Signal<ReadonlySet<string>> {
  const known = chosen.get(name);
  if (known) return known;
  const stored = localStorage.getItem(storedAs(name));
  const made = signal<ReadonlySet<string>>(new Set(stored ? stored.split(",") : []));
  chosen.set(name, made);
  return made;
}

interface ToolsProps<T> {
  readonly name: string;
  readonly columns: readonly Column<T>[];
  readonly shown: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly hidden: Signal<ReadonlySet<string>>;
  readonly bar: ComponentChildren;
}

export function TableTools<T>({ name, columns, shown, rows, hidden, bar }: ToolsProps<T>) {
  const toggle = (key: string) => {
    const next = new Set(hidden.value);
    if (!next.delete(key)) next.add(key);
    hidden.value = next;
    localStorage.setItem(storedAs(name), [...next].join(","));
  };
  const save = () => {
    const cells = rows.map((row) => shown.map((column) => column.value(row)));
    download(
      `${name}.csv`,
      csv(
        shown.map(({ title }) => title),
        cells,
      ),
      "text/csv",
    );
  };
  return (
    <div class="table-tools">
      <div class="table-bar">{bar}</div>
      <Menu label="Choose columns" button={<Icon of={Columns3} />}>
        {() =>
          columns.slice(1).map(({ key, title }) => (
            <label key={key} class="menu-item">
              <input type="checkbox" checked={!hidden.value.has(key)} onChange={() => toggle(key)} />
              {title}
            </label>
          ))
        }
      </Menu>
      <Button kind="quiet" icon={Download} label="Save what is shown as CSV" onClick={save} />
    </div>
  );
}
