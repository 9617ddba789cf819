import { toHex } from "../../contract/base64.ts";
import { idText, nanosToMs } from "./otlp-numbers.ts";
import { type Attributes, OTLP_LIMITS, OtlpPoint, type OtlpKind, type OtlpVisitor, type BucketRun } from "./otlp-point.ts";
import { type OtlpText, readKeyValue, readText, SpelledAttributes, within } from "./otlp-protobuf-values.ts";
import { ProtobufReader, WIRE } from "./protobuf.ts";

/**
 * Reads an `ExportMetricsServiceRequest` (opentelemetry-proto 1.10, metrics/v1/metrics.proto; field numbers are from there) from its
 * bytes, point by point, without a tree. A resource or a metric is gone through twice, because its name may stand behind its points:
 * the first time points are only passed over.
 * @throws MalformedProtobuf
 */
export function readOtlpProtobuf(bytes: Uint8Array, visitor: OtlpVisitor): void {
  new ProtobufOtlp(bytes, visitor).request();
}

const bytesField = (number: number): number => (number << 3) | WIRE.bytes;
const varintField = (number: number): number => (number << 3) | WIRE.varint;
const fixedField = (number: number): number => (number << 3) | WIRE.fixed64;

const DATA: Readonly<Record<number, OtlpKind>> = {
  [bytesField(5)]: "gauge",
  [bytesField(7)]: "sum",
  [bytesField(9)]: "histogram",
  [bytesField(10)]: "exponential",
  [bytesField(11)]: "summary",
};

class ProtobufOtlp {
  readonly #r: ProtobufReader;
  readonly #visitor: OtlpVisitor;
  readonly #point = new OtlpPoint(() => this.#attributes.read());
  /** Of the point that is being read. */
  readonly #attributes: SpelledAttributes;
  #stopped = false;

  constructor(bytes: Uint8Array, visitor: OtlpVisitor) {
    this.#r = new ProtobufReader(bytes);
    this.#attributes = new SpelledAttributes(bytes);
    this.#visitor = visitor;
  }

  request(): void {
    this.#each(bytesField(1), () => this.#resourceMetrics());
  }

  /** Does something within every message of one field, and passes over the others. */
  #each(wanted: number, read: () => void): void {
    const r = this.#r;
    for (let tag = r.tag(); tag !== 0 && !this.#stopped; tag = r.tag()) {
      if (tag === wanted) {
        const outer = r.enter();
        read();
        r.leave(outer);
      } else r.skip(tag);
    }
  }

  #resourceMetrics(): void {
    const r = this.#r;
    const from = r.at;
    const attributes: Attributes = [];
    this.#each(bytesField(1), () => this.#each(bytesField(1), () => readKeyValue(r, attributes)));
    if (!this.#visitor.resource(attributes)) {
      this.#stopped = true;
      return;
    }
    r.at = from;
    this.#each(bytesField(2), () => this.#each(bytesField(2), () => this.#metric()));
  }

  #metric(): void {
    const r = this.#r;
    const texts: [name: OtlpText, description: OtlpText, unit: OtlpText] = ["", "", ""];
    let kind: OtlpKind | undefined;
    let [from, end] = [0, 0];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      const data = DATA[tag];
      if (data) {
        kind = data;
        const outer = r.enter();
        [from, end] = [r.at, r.end];
        r.leave(outer);
      } else if (tag === bytesField(1)) texts[0] = readText(r);
      else if (tag === bytesField(2)) texts[1] = readText(r);
      else if (tag === bytesField(3)) texts[2] = readText(r);
      else r.skip(tag);
    }
    if (kind === undefined) return; // a metric without points
    const outer = r.end;
    [r.at, r.end] = [from, end];
    const { temporality, monotonic } = this.#aggregation();
    const [name, description = "", unit = ""] = texts;
    this.#stopped = !this.#visitor.metric({ name, description, unit, kind, temporality, monotonic });
    r.at = from;
    const read = this.#readerOf(kind);
    this.#each(bytesField(1), () => {
      this.#point.clear();
      this.#attributes.clear();
      read();
      this.#point.spelling = this.#attributes.spelling();
      this.#stopped = !this.#visitor.point(this.#point);
    });
    r.at = r.end = outer;
  }

  #aggregation(): { temporality: number; monotonic: boolean } {
    const r = this.#r;
    let [temporality, monotonic] = [0, false];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === varintField(2)) temporality = r.uint32();
      else if (tag === varintField(3)) monotonic = this.#bool();
      else r.skip(tag);
    }
    return { temporality, monotonic };
  }

  #readerOf(kind: OtlpKind): () => void {
    switch (kind) {
      case "gauge":
      case "sum":
        return () => this.#number();
      case "histogram":
        return () => this.#histogram();
      case "exponential":
        return () => this.#exponential();
      case "summary":
        return () => this.#summary();
    }
  }

  #number(): void {
    const [r, point] = [this.#r, this.#point];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case bytesField(7):
          this.#attributes.pass(r);
          break;
        case fixedField(2):
          point.startMs = this.#time();
          break;
        case fixedField(3):
          point.atMs = this.#time();
          break;
        case fixedField(4):
          point.value = r.double();
          break;
        case fixedField(6):
          point.value = this.#sfixed64();
          break;
        case bytesField(5):
          this.#exemplar();
          break;
        case varintField(8):
          point.flags = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
  }

  #histogram(): void {
    const [r, point] = [this.#r, this.#point];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case bytesField(9):
          this.#attributes.pass(r);
          break;
        case fixedField(2):
          point.startMs = this.#time();
          break;
        case fixedField(3):
          point.atMs = this.#time();
          break;
        case fixedField(4):
          point.count = this.#fixed64();
          break;
        case fixedField(5):
          point.sum = r.double();
          break;
        case bytesField(6):
          this.#packed(point.counts, () => this.#fixed64());
          break;
        case fixedField(6):
          this.#one(point.counts, this.#fixed64());
          break;
        case bytesField(7):
          this.#packed(point.bounds, () => r.double());
          break;
        case fixedField(7):
          this.#one(point.bounds, r.double());
          break;
        case bytesField(8):
          this.#exemplar();
          break;
        case varintField(10):
          point.flags = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
  }

  #exponential(): void {
    const [r, point] = [this.#r, this.#point];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case bytesField(1):
          this.#attributes.pass(r);
          break;
        case fixedField(2):
          point.startMs = this.#time();
          break;
        case fixedField(3):
          point.atMs = this.#time();
          break;
        case fixedField(4):
          point.count = this.#fixed64();
          break;
        case fixedField(5):
          point.sum = r.double();
          break;
        case varintField(6):
          point.scale = r.sint64();
          break;
        case fixedField(7):
          point.zeroCount = this.#fixed64();
          break;
        case bytesField(8):
          this.#buckets(point.positive);
          break;
        case bytesField(9):
          this.#buckets(point.negative);
          break;
        case varintField(10):
          point.flags = r.uint32();
          break;
        case bytesField(11):
          this.#exemplar();
          break;
        case fixedField(14):
          point.zeroThreshold = r.double();
          break;
        default:
          r.skip(tag);
      }
    }
  }

  #buckets(run: BucketRun): void {
    const r = this.#r;
    const outer = r.enter();
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === varintField(1)) run.offset = r.sint64();
      else if (tag === bytesField(2)) this.#packed(run.counts, () => r.uint64());
      else if (tag === varintField(2)) this.#one(run.counts, r.uint64());
      else r.skip(tag);
    }
    r.leave(outer);
  }

  #summary(): void {
    const [r, point] = [this.#r, this.#point];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case bytesField(7):
          this.#attributes.pass(r);
          break;
        case fixedField(2):
          point.startMs = this.#time();
          break;
        case fixedField(3):
          point.atMs = this.#time();
          break;
        case fixedField(4):
          point.count = this.#fixed64();
          break;
        case fixedField(5):
          point.sum = r.double();
          break;
        case bytesField(6):
          this.#quantile();
          break;
        case varintField(8):
          point.flags = r.uint32();
          break;
        default:
          r.skip(tag);
      }
    }
  }

  #quantile(): void {
    const [r, point] = [this.#r, this.#point];
    const outer = r.enter();
    let [quantile, value] = [0, 0];
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === fixedField(1)) quantile = r.double();
      else if (tag === fixedField(2)) value = r.double();
      else r.skip(tag);
    }
    r.leave(outer);
    this.#one(point.bounds, quantile);
    this.#one(point.counts, value);
  }

  #exemplar(): void {
    const [r, { exemplars }] = [this.#r, this.#point];
    const outer = r.enter();
    if (exemplars.length < OTLP_LIMITS.exemplars) {
      let [atMs, value, spanId, traceId] = [0, Number.NaN, "", ""];
      const attributes: Attributes = [];
      for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
        if (tag === fixedField(2)) atMs = this.#time();
        else if (tag === fixedField(3)) value = r.double();
        else if (tag === fixedField(6)) value = this.#sfixed64();
        else if (tag === bytesField(4)) spanId = this.#id(8);
        else if (tag === bytesField(5)) traceId = this.#id(16);
        else if (tag === bytesField(7)) within(r, () => readKeyValue(r, attributes));
        else r.skip(tag);
      }
      exemplars.push({ atMs, value, traceId, spanId, attributes });
    }
    r.leave(outer);
  }

  #id(length: number): string {
    const bytes = this.#r.byteRange();
    return bytes.length === length ? idText(toHex(bytes), 2 * length) : "";
  }

  #packed(into: number[], read: () => number): void {
    const r = this.#r;
    const outer = r.enter();
    while (r.at < r.end && !this.#point.tooLong) this.#one(into, read());
    r.leave(outer);
  }

  #one(into: number[], value: number): void {
    if (into.length < OTLP_LIMITS.buckets) into.push(value);
    else this.#point.tooLong = true;
  }

  #bool(): boolean {
    const r = this.#r;
    r.varint();
    return (r.low | r.high) !== 0;
  }

  #time(): number {
    this.#r.fixed64();
    return nanosToMs(this.#r.high, this.#r.low);
  }

  #fixed64(): number {
    this.#r.fixed64();
    return this.#r.high * 4_294_967_296 + this.#r.low;
  }

  #sfixed64(): number {
    this.#r.fixed64();
    return (this.#r.high | 0) * 4_294_967_296 + this.#r.low;
  }
}
