import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { Stopping } from "./stopping.ts";

/** A program that notes what happens to it, in order. */
function program() {
  const heard: string[] = [];
  const signals = new EventEmitter();
  const streams = { stdout: new EventEmitter(), stderr: new EventEmitter() };
  const exited = Promise.withResolvers<number>();
  const stopping = new Stopping(Object.assign(signals, { ...streams, exit: (code: number) => exited.resolve(code) }), (line) =>
    heard.push(line),
  );
  stopping.listen();
  const step = (name: string) => async () => {
    await Promise.resolve();
    heard.push(name);
  };
  return { stopping, heard, signals, streams, step, exited: exited.promise };
}

it("[SC25] ends what was started, the newest first, however often it is asked", async () => {
  const { stopping, heard, signals, step, exited } = program();
  stopping.add(step("log"));
  expect(await stopping.starting(Promise.resolve("server"), (made) => step(made))).toBe("server");
  stopping.add(step("agent"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGINT"]) signals.emit(signal);
  expect(await exited).toBe(0);
  expect(heard).toEqual(["meridian: stopping …", "agent", "server", "log"]);
});

it("[SC25] waits for what is being started, ends it as well and starts nothing more", async () => {
  const { stopping, heard, signals, step, exited } = program();
  const server = Promise.withResolvers<string>();
  const started = stopping.starting(server.promise, (made) => step(made));
  signals.emit("SIGTERM");
  await Promise.resolve();
  expect([stopping.signal.aborted, heard]).toEqual([true, ["meridian: stopping …"]]);
  server.resolve("server");
  await expect(started).rejects.toThrow();
  expect(await exited).toBe(0);
  expect(heard).toEqual(["meridian: stopping …", "server"]);
});

it("[SC25] ends also when what is being started fails, and the others when one cannot end", async () => {
  const { stopping, heard, signals, step, exited } = program();
  stopping.add(step("log"));
  stopping.add(async () => {
    await Promise.reject(new Error("it hangs on"));
  });
  const server = Promise.withResolvers<string>();
  const started = stopping.starting(server.promise, (made) => step(made));
  signals.emit("SIGINT");
  server.reject(new Error("no port"));
  await expect(started).rejects.toThrow("no port");
  expect(await exited).toBe(1);
  expect(heard).toEqual(["meridian: stopping …", "meridian: it hangs on", "log"]);
});

it("[SC25] goes on where the terminal is gone and nothing can be printed", async () => {
  const { stopping, signals, streams, heard, step, exited } = program();
  stopping.add(step("server"));
  signals.emit("SIGHUP");
  for (const stream of [streams.stdout, streams.stderr]) stream.emit("error", new Error("EIO")); // an error that nobody hears is thrown
  expect(await exited).toBe(0);
  expect(heard).toContain("server");
});
