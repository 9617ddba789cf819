export type Cell = string | number | null;

export interface Sort {
  readonly key: string;
  readonly descending: boolean;
}

/** `name` or `-name`, as it stands in the address; undefined when the column does not exist. */
export function readSort(text: string, keys: readonly string[]): Sort | undefined {
  const descending = text.startsWith("-");
  const key = descending ? text.slice(1) : text;
  return keys.includes(key) ? { key, descending } : undefined;
}

export function sortText({ key, descending }: Sort): string {
  return descending ? `-${key}` : key;
}

/** Numbers by size, words by the alphabet with numbers inside counted; what is missing comes last either way. */
export function compareCells(a: Cell, b: Cell, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return descending ? -order : order;
}

function csvCell(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  // A leading = + - @ would run as a formula in a spreadsheet.
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180, with a header line. */
export function csv(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [titles, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}
