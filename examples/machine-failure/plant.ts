// The plant of the example: pumps as train.py knows them, which can be damaged, and thermometers that can be exchanged for
// ones that show more.

import type { Reading } from "./bridge.ts";

export const PUMPS = ["pump-1", "pump-2", "pump-3", "pump-4", "pump-5", "pump-6"] as const;
export const FAULTS = ["none", "bearing", "blocked filter", "winding"] as const;
export type Fault = (typeof FAULTS)[number];

export interface Plant {
  readonly faults: Map<string, Fault>;
  /** New thermometers, which nobody told the model of. */
  drift: boolean;
  /** A reading of each pump. */
  read(): Reading[];
}

const noise = (spread: number): number => spread * Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());

export function makePlant(drift: boolean): Plant {
  const plant: Plant = {
    faults: new Map(),
    drift,
    read: () => PUMPS.map((machine) => {
      const load = 0.4 + 0.6 * Math.random();
      const fault = plant.faults.get(machine) ?? "none";
      const values = {
        temperature: 38 + 22 * load + noise(1.5) + (fault === "winding" ? 22 : fault === "bearing" ? 7 : 0) + (plant.drift ? 2.5 : 0),
        vibration: 1.2 + 1.4 * load + noise(0.15) + (fault === "bearing" ? 3.5 : 0),
        pressure: 2 + 4 * load + noise(0.12) - (fault === "blocked filter" ? 1.6 : 0),
        current: 6 + 12 * load + noise(0.4) + (fault === "winding" ? 6.5 : fault === "blocked filter" ? -2.2 : 0),
        speed: 1450 + 60 * (1 - load) + noise(6) + (fault === "blocked filter" ? 38 : 0),
      };
      return { machine, ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value.toFixed(3))])) } as Reading;
    }),
  };
  return plant;
}
