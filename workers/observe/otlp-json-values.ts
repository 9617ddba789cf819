import { nestedNumber, numberText } from "./otlp-numbers.ts";
import { type Attributes, OTLP_LIMITS } from "./otlp-point.ts";

/** A document that is JSON but not OTLP. */
export class MalformedOtlp extends Error {}

export type JsonObject = Readonly<Record<string, unknown>>;

/** A message; absent and `null` are an empty one. */
export function objectAt(value: unknown, name: string): JsonObject {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new MalformedOtlp(`\`${name}\` must be an object`);
  return value as JsonObject; // objects of JSON have text keys
}

/** A repeated field; absent and `null` are an empty one. */
export function listAt(parent: JsonObject, name: string): readonly unknown[] {
  const value = parent[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new MalformedOtlp(`\`${name}\` must be an array`);
  return value as unknown[];
}

export function textAt(parent: JsonObject, name: string): string {
  const value = parent[name];
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw new MalformedOtlp(`\`${name}\` must be a text`);
  return value;
}

export function boolAt(parent: JsonObject, name: string): boolean {
  const value = parent[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw new MalformedOtlp(`\`${name}\` must be true or false`);
  return value;
}

const INTEGER = /^-?\d{1,20}$/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** An integer as a number or its digits; undefined when absent. Beyond 2^53 it is rounded, as a double is. */
export function integerAt(parent: JsonObject, name: string): number | undefined {
  const value = parent[name];
  if (value === undefined || value === null) return undefined;
  return integerOf(value, name);
}

export function integerOf(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (typeof value === "string" && INTEGER.test(value)) return Number(value);
  throw new MalformedOtlp(`\`${name}\` must be a whole number, or a text of its digits`);
}

export function doubleAt(parent: JsonObject, name: string): number | undefined {
  const value = parent[name];
  if (value === undefined || value === null) return undefined;
  return doubleOf(value, name);
}

/** A double as a number, its digits, or one of ProtoJSON's three words. */
export function doubleOf(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  if (typeof value === "string" && NUMBER.test(value)) return Number(value);
  throw new MalformedOtlp(`\`${name}\` must be a number, "NaN", "Infinity" or "-Infinity"`);
}

/** Nanoseconds as whole milliseconds. A text keeps every digit; a number has lost some to its sender's double, all below a microsecond. */
export function timeAt(parent: JsonObject, name: string): number {
  const value = parent[name];
  if (value === undefined || value === null) return 0;
  if (typeof value === "string" && /^\d{1,20}$/.test(value)) return Number(value.slice(0, -6));
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return Math.floor(value / 1_000_000);
  throw new MalformedOtlp(`\`${name}\` must be nanoseconds since 1970, as a text of digits`);
}

/** A list of `KeyValue`; of too many, one more than may be. */
export function attributesOf(parent: JsonObject, name: string): Attributes {
  const attributes: Attributes = [];
  for (const entry of listAt(parent, name)) {
    if (attributes.length > 2 * OTLP_LIMITS.attributes) break;
    const pair = objectAt(entry, name);
    attributes.push(textAt(pair, "key"), anyValue(pair["value"], 0));
  }
  return attributes;
}

/** The same texts as `otlp-protobuf-values.ts` makes. */
function anyValue(value: unknown, depth: number): string | undefined {
  const top = depth === 0;
  const any = objectAt(value, "value");
  if (any["stringValue"] !== undefined && any["stringValue"] !== null) return quoted(textAt(any, "stringValue"), top);
  if (any["boolValue"] !== undefined && any["boolValue"] !== null) return String(boolAt(any, "boolValue"));
  if (any["intValue"] !== undefined && any["intValue"] !== null) return digitsOf(any["intValue"]);
  const double = doubleAt(any, "doubleValue");
  if (double !== undefined) return top ? numberText(double) : nestedNumber(double);
  if (any["arrayValue"] !== undefined && any["arrayValue"] !== null) {
    return list(objectAt(any["arrayValue"], "arrayValue"), depth + 1);
  }
  if (any["kvlistValue"] !== undefined && any["kvlistValue"] !== null) return map(objectAt(any["kvlistValue"], "kvlistValue"), depth + 1);
  if (any["bytesValue"] !== undefined && any["bytesValue"] !== null) return quoted(textAt(any, "bytesValue"), top);
  return top ? "" : "null";
}

function quoted(text: string, top: boolean): string {
  return top ? text : JSON.stringify(text);
}

function digitsOf(value: unknown): string {
  const number = integerOf(value, "intValue");
  if (Number.isSafeInteger(number)) return String(number === 0 ? 0 : number);
  return String(typeof value === "string" ? BigInt(value) : BigInt(number));
}

function list(array: JsonObject, depth: number): string | undefined {
  if (depth > OTLP_LIMITS.depth) return undefined;
  const values = listAt(array, "values");
  if (values.length > OTLP_LIMITS.items) return undefined;
  const items = values.map((item) => anyValue(item, depth));
  return items.includes(undefined) ? undefined : `[${items.join(",")}]`;
}

function map(object: JsonObject, depth: number): string | undefined {
  if (depth > OTLP_LIMITS.depth) return undefined;
  const values = listAt(object, "values");
  if (values.length > OTLP_LIMITS.items) return undefined;
  const items = values.map((entry) => {
    const pair = objectAt(entry, "values");
    const name = textAt(pair, "key");
    const value = anyValue(pair["value"], depth);
    return value === undefined ? undefined : `${JSON.stringify(name)}:${value}`;
  });
  return items.includes(undefined) ? undefined : `{${items.join(",")}}`;
}
