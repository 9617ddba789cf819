import { describe, expect, it } from "vitest";
import { RateTracker } from "./rates.ts";

describe("RateTracker", () => {
  it("[AG52] makes a rate per second of two readings, and none of the first", () => {
    const rates = new RateTracker();
    expect(rates.rate("eth0", 1_000, 0)).toBeUndefined();
    expect(rates.rate("eth0", 6_000, 2_500)).toBe(2_000);
    expect(rates.rate("eth0", 6_000, 7_500)).toBe(0);
  });

  it("[AG52] a counter that went back gives no rate once, and goes on from there", () => {
    const rates = new RateTracker();
    rates.rate("eth0", 5_000, 0);
    expect(rates.rate("eth0", 100, 5_000)).toBeUndefined();
    expect(rates.rate("eth0", 600, 10_000)).toBe(100);
  });

  it("[AG52] a device that vanishes and comes back starts anew", () => {
    const rates = new RateTracker();
    rates.rate("usb0", 100, 0);
    rates.endReading();
    rates.rate("eth0", 1, 5_000);
    rates.endReading();
    expect(rates.rate("usb0", 1_000_000, 10_000)).toBeUndefined();
  });

  it("[AG52] no time between two readings gives no rate", () => {
    const rates = new RateTracker();
    rates.rate("a", 1, 5);
    expect(rates.rate("a", 2, 5)).toBeUndefined();
  });
});
