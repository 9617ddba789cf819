import { readdir, readFile } from "node:fs/promises";

/** Sensors of `/sys/class/hwmon`, or, where there is none, the thermal zones. Millidegrees in the files, degrees in the answer. */
export async function readTemperatures(sys: string): Promise<{ sensor: string; celsius: number }[]> {
  const found = new Map<string, number>();
  for (const chip of await names(`${sys}/class/hwmon`)) {
    const folder = `${sys}/class/hwmon/${chip}`;
    const chipName = (await line(`${folder}/name`)) ?? chip;
    for (const file of await names(folder)) {
      const input = /^(temp\d+)_input$/.exec(file)?.[1];
      if (input === undefined) continue;
      keep(found, `${chipName} ${(await line(`${folder}/${input}_label`)) ?? input}`, await line(`${folder}/${file}`));
    }
  }
  if (found.size === 0) {
    for (const zone of await names(`${sys}/class/thermal`)) {
      if (!zone.startsWith("thermal_zone")) continue;
      const folder = `${sys}/class/thermal/${zone}`;
      keep(found, (await line(`${folder}/type`)) ?? zone, await line(`${folder}/temp`));
    }
  }
  return [...found].map(([sensor, celsius]) => ({ sensor, celsius }));
}

function keep(found: Map<string, number>, sensor: string, milli: string | undefined): void {
  const celsius = Number(milli) / 1_000;
  // An unplugged sensor reads as something like -274 or 255 degrees; a missing one as nothing.
  if (milli === undefined || !Number.isFinite(celsius) || celsius < -60 || celsius > 200) return;
  let name = sensor;
  for (let twin = 2; found.has(name); twin++) name = `${sensor} #${twin}`;
  found.set(name, celsius);
}

async function names(folder: string): Promise<string[]> {
  const found: string[] = await readdir(folder).catch(() => []); // no such folder: a machine without sensors
  return found.sort((a, b) => (a < b ? -1 : 1));
}

async function line(file: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined); // absent labels and sleeping sensors are ordinary
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}
