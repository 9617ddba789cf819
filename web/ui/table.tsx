import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { ArrowDown, ArrowUp } from "lucide";
import { place, setQuery } from "../lib/location.ts";
import { type Cell, compareCells, readSort, sortText } from "../lib/table-model.ts";
import { readQuery } from "../lib/url-state.ts";
import { Icon } from "./icon.tsx";
import { hiddenColumns, TableTools } from "./table-tools.tsx";
import { useVirtual } from "./use-virtual.ts";
import "./table.css";

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  /** What is sorted by and exported. */
  readonly value: (row: T) => Cell;
  /** What is shown; the value when absent. */
  readonly cell?: (row: T) => ComponentChildren;
  readonly number?: boolean;
  /** Holds buttons: nothing to sort by, and the title is only read out. */
  readonly acts?: boolean;
  /** Left out below 720 px. */
  readonly wide?: boolean;
}

interface TableProps<T> {
  /** Names the choice of columns and the exported file. */
  readonly name: string;
  readonly label: string;
  readonly columns: readonly [Column<T>, ...Column<T>[]];
  readonly rows: readonly T[];
  readonly id: (row: T) => string;
  /** Where a row leads: its drawer or page. The first column is the link. */
  readonly href?: (row: T) => string;
  readonly open?: (row: T) => void;
  /** The row whose drawer is open. */
  readonly current?: string | undefined;
  /** Ids that are selected; with it, rows get a checkbox. */
  readonly selection?: { readonly ids: ReadonlySet<string>; readonly onChange: (ids: ReadonlySet<string>) => void };
  /** Stands left of the column chooser and the export. */
  readonly bar?: ComponentChildren;
}

const ROW_PX = 37;
const VIRTUAL_FROM = 200;

/**
 * Rows of one kind: sortable (held by the address), columns chosen and remembered, CSV of what is shown. Arrows move,
 * Enter opens, Space selects. Above 200 rows only those in sight are drawn.
 */
export function Table<T>({ name, label, columns, rows, id, href, open, current, selection, bar }: TableProps<T>) {
  const scroller = useRef<HTMLDivElement>(null);
  const focused = useSignal(0);
  const hidden = hiddenColumns(name);
  const shown = columns.filter((column, i) => i === 0 || !hidden.value.has(column.key));
  const sort = readSort(
    readQuery(place.value.search, `sort.${name}`),
    columns.map(({ key }) => key),
  );

  const sorted = useMemo(() => {
    const column = columns.find(({ key }) => key === sort?.key);
    if (!sort || !column) return rows;
    return rows.toSorted((a, b) => compareCells(column.value(a), column.value(b), sort.descending));
  }, [rows, sort?.key, sort?.descending]);

  const many = sorted.length > VIRTUAL_FROM;
  const virtual = useVirtual(many ? sorted.length : 0, ROW_PX, () => scroller.current);
  const indexes = many ? virtual.items.map(({ index }) => index) : sorted.map((_, i) => i);
  const width = shown.length + (selection ? 1 : 0);

  const toggle = (row: T) => {
    if (!selection) return;
    const ids = new Set(selection.ids);
    if (!ids.delete(id(row))) ids.add(id(row));
    selection.onChange(ids);
  };
  const focusRow = (index: number) => {
    focused.value = index;
    if (many) virtual.scrollTo(index);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`tr[data-index="${index}"]`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!(event.target instanceof HTMLElement) || event.target.tagName !== "TR") return;
    const row = sorted[focused.value];
    const last = sorted.length - 1;
    const moves: Record<string, number> = { ArrowDown: focused.value + 1, ArrowUp: focused.value - 1, Home: 0, End: last };
    const to = moves[event.key];
    if (to !== undefined) focusRow(Math.min(last, Math.max(0, to)));
    else if (event.key === "Enter" && row) open?.(row);
    else if (event.key === " " && row && selection) toggle(row);
    else return;
    event.preventDefault();
  };

  return (
    <div class="table-wrap">
      <TableTools name={name} columns={columns} shown={shown} rows={sorted} hidden={hidden} bar={bar} />
      <div ref={scroller} class={`table-scroll${many ? " tall" : ""}`} onKeyDown={onKeyDown}>
        <table class="table" aria-label={label} aria-rowcount={sorted.length + 1}>
          <thead>
            <tr>
              {selection && (
                <th scope="col" class="check">
                  <input
                    type="checkbox"
                    aria-label="Select all"
                    checked={sorted.length > 0 && selection.ids.size === sorted.length}
                    onChange={(event) => selection.onChange(new Set(event.currentTarget.checked ? sorted.map(id) : []))}
                  />
                </th>
              )}
              {shown.map((column) => (
                <SortHead
                  key={column.key}
                  column={column}
                  parameter={`sort.${name}`}
                  sort={sort?.key === column.key ? sort.descending : undefined}
                />
              ))}
            </tr>
          </thead>
          <tbody onPointerOver={titleShortened}>
            {many && <Spacer height={virtual.before} width={width} />}
            {indexes.map((index) => {
              const row = sorted[index];
              if (row === undefined) return null;
              const key = id(row);
              return (
                <tr
                  key={key}
                  data-index={index}
                  aria-rowindex={index + 2}
                  aria-current={current === key ? "true" : undefined}
                  class={open ? "opens" : undefined}
                  tabIndex={index === focused.value ? 0 : -1}
                  onFocus={() => (focused.value = index)}
                  onClick={(event) => {
                    if (event.target instanceof Element && !event.target.closest("a, button, input, label, select")) open?.(row);
                  }}
                >
                  {selection && (
                    <td class="check">
                      <input type="checkbox" aria-label={`Select ${key}`} checked={selection.ids.has(key)} onChange={() => toggle(row)} />
                    </td>
                  )}
                  {shown.map((column, i) => (
                    <td key={column.key} class={cellClass(column)}>
                      {i === 0 && href ? <a href={href(row)}>{content(column, row)}</a> : content(column, row)}
                    </td>
                  ))}
                </tr>
              );
            })}
            {many && <Spacer height={virtual.after} width={width} />}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function content<T>(column: Column<T>, row: T): ComponentChildren {
  return column.cell ? column.cell(row) : column.value(row);
}

/** A cell that is shortened with "…" tells the rest in its tooltip; measured when asked for, since widths change. */
function titleShortened({ target }: PointerEvent): void {
  const cell = target instanceof Element ? target.closest("td") : null;
  if (!cell) return;
  if (cell.scrollWidth > cell.clientWidth) cell.title = cell.innerText;
  else cell.removeAttribute("title");
}

function cellClass<T>(column: Column<T>): string {
  return `${column.number ? "number" : ""}${column.wide ? " wide" : ""}`;
}

function Spacer({ height, width }: { height: number; width: number }) {
  return (
    <tr class="spacer" aria-hidden="true">
      <td colSpan={width} style={{ height: `${height}px` }} />
    </tr>
  );
}

function SortHead<T>({ column, sort, parameter }: { column: Column<T>; sort: boolean | undefined; parameter: string }) {
  if (column.acts) {
    return (
      <th scope="col">
        <span class="visually-hidden">{column.title}</span>
      </th>
    );
  }
  // Numbers are asked for from the top, names from the start.
  const first = column.number === true;
  const next =
    sort === undefined
      ? sortText({ key: column.key, descending: first })
      : sort === first
        ? sortText({ key: column.key, descending: !first })
        : null;
  return (
    <th scope="col" class={cellClass(column)} aria-sort={sort === undefined ? undefined : sort ? "descending" : "ascending"}>
      <button type="button" onClick={() => setQuery({ [parameter]: next })}>
        {column.title}
        {sort !== undefined && <Icon of={sort ? ArrowDown : ArrowUp} size={12} />}
      </button>
    </th>
  );
}
