import { useEffect, useRef } from "preact/hooks";
import { drawSoon, forgetDraw } from "../lib/draw.ts";
import { sparkRuns } from "../lib/spark-path.ts";
import { paletteVersion, token } from "../lib/theme.ts";

interface SparklineProps {
  readonly values: readonly (number | null)[];
  readonly domain: readonly [number, number];
  /** A colour token. */
  readonly color: string;
  readonly muted?: boolean;
}

const drawn = new WeakMap<Element, { visible: boolean; draw: () => void }>();

/** What cannot be seen is not drawn; it catches up when it scrolls into view. */
const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const one = drawn.get(target);
    if (!one) continue;
    one.visible = isIntersecting;
    if (isIntersecting) drawSoon(one.draw);
  }
});

let colours = new Map<string, string>();
paletteVersion.subscribe(() => (colours = new Map()));

function colour(name: string): string {
  const known = colours.get(name);
  if (known !== undefined) return known;
  const read = token(name);
  colours.set(name, read);
  return read;
}

function paint(canvas: HTMLCanvasElement, { values, domain, color, muted }: SparklineProps): void {
  const scale = devicePixelRatio;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (width === 0) return;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  if (!context) return;
  context.clearRect(0, 0, width, height);
  context.lineWidth = 1.5 * scale;
  context.lineJoin = "round";
  context.strokeStyle = colour(muted ? "--muted" : color);
  context.fillStyle = context.strokeStyle;
  for (const run of sparkRuns(values, domain, width - 2 * scale, height - 3 * scale)) {
    const line = new Path2D();
    for (let i = 0; i < run.length; i += 2) line.lineTo(scale + (run[i] ?? 0), 1.5 * scale + (run[i + 1] ?? 0));
    if (run.length === 2) line.lineTo(2.5 * scale + (run[0] ?? 0), 1.5 * scale + (run[1] ?? 0));
    context.globalAlpha = 1;
    context.stroke(line);
    line.lineTo(scale + (run.at(-2) ?? 0), height);
    line.lineTo(scale + (run[0] ?? 0), height);
    context.globalAlpha = 0.13;
    context.fill(line);
  }
}

/** A line without axes; the last value stands beside it in words, so it is decoration to a screen reader. */
export function Sparkline(props: SparklineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const one = { visible: false, draw: () => paint(element, latest.current) };
    drawn.set(element, one);
    watcher.observe(element);
    const stop = paletteVersion.subscribe(() => one.visible && drawSoon(one.draw));
    return () => {
      stop();
      watcher.unobserve(element);
      forgetDraw(one.draw);
    };
  }, []);
  useEffect(() => {
    const one = canvas.current && drawn.get(canvas.current);
    if (one?.visible) drawSoon(one.draw);
  }, [props.values, props.domain[1], props.color, props.muted]);

  return <canvas ref={canvas} class="sparkline" aria-hidden="true" />;
}
