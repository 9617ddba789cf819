import type { ObjectKit } from "../../kit/object-kit.ts";

/**
 * A kit whose undone transactions are forgotten: what memory holds of rows is read anew after each, before anybody else has a turn.
 * @param forget drops memory; reads nothing
 */
export function guardedKit(kit: ObjectKit, forget: () => void): ObjectKit {
  /** Drops memory once before the rows are undone, so that nothing of them is read again in between. */
  function guarded<A extends readonly unknown[], T>(work: (...args: A) => T): (...args: A) => T {
    return (...args) => {
      try {
        return work(...args);
      } catch (error) {
        forget();
        throw error;
      }
    };
  }
  async function guardedAsync<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      forget(); // what failed after the work, such as its record
      throw error;
    }
  }
  return {
    get address() {
      return kit.address;
    },
    sql: kit.sql,
    timers: kit.timers,
    outbox: kit.outbox,
    failpoint: kit.failpoint,
    now: () => kit.now(),
    ready: async () => await kit.ready(),
    read: async (work) => await kit.read(work),
    change: async (meta, work, options) => await guardedAsync(async () => await kit.change(meta, guarded(work), options)),
    changeAfter: async (meta, prepare, work, options) =>
      await guardedAsync(async () => await kit.changeAfter(meta, prepare, guarded(work), options)),
    transaction: guarded((work) => kit.transaction(work)) as ObjectKit["transaction"], // the wrapper keeps the type of each call
    maintain: async (order) => await guardedAsync(async () => await kit.maintain(order)),
    alarm: async () => {
      await kit.alarm();
    },
  };
}
