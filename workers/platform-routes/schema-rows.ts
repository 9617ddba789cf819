import { z } from "@hono/zod-openapi";

/** One line of a field table. */
export interface SchemaRow {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly note: string;
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

/** Levels of nested fields that a table shows. */
const MAX_LEVELS = 3;

/** The fields of a schema, as a reader of the documentation needs them; nested ones are named `labels.host`, items `samples[].value`. */
export function describeSchema(schema: z.ZodType): SchemaRow[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema; // the part of JSON Schema that is read here
  const rows = rowsOf(json, "", 0);
  return rows.length > 0 ? rows : [{ name: "(whole)", type: typeOf(json), required: true, note: noteOf(json) }];
}

function rowsOf(schema: JsonSchema, prefix: string, level: number): SchemaRow[] {
  if (level >= MAX_LEVELS) return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const full = `${prefix}${name}`;
    const row = { name: full, type: typeOf(field), required: schema.required?.includes(name) ?? false, note: noteOf(field) };
    return [row, ...rowsOf(field.items ?? field, field.items ? `${full}[].` : `${full}.`, level + 1)];
  });
}

function typeOf(schema: JsonSchema): string {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return [...new Set(branches.map(typeOf))].join(" or ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.type === "array") return `array of ${schema.items ? typeOf(schema.items) : "anything"}`;
  if (schema.format) return schema.format;
  return typeof schema.type === "string" ? schema.type : (schema.type?.join(" or ") ?? "anything");
}

function noteOf(schema: JsonSchema): string {
  const { enum: values, minimum, maximum, minLength, maxLength, maxItems } = schema;
  const limits = [
    values ? `one of ${values.join(", ")}` : "",
    minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? `at least ${minimum}` : "",
    maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? `at most ${maximum}` : "",
    minLength !== undefined && minLength > 0 ? `at least ${minLength} characters` : "",
    maxLength === undefined ? "" : `at most ${maxLength} characters`,
    maxItems === undefined ? "" : `at most ${maxItems} items`,
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ];
  return [schema.description ?? "", ...limits].filter((text) => text !== "").join("; ");
}
