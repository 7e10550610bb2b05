// How often registries are asked by themselves, chosen below asking them now.
import { useState } from 'react';
import type { FleetImages } from '../bindings/FleetImages';
import { words } from '../words/en';
import { askEvery } from './registries';

const text = words.fleetImages.rhythm;
const ON_DEMAND = 0;
const OFFERED: readonly number[] = [6, 12, 24, ON_DEMAND];

/** One that was set elsewhere stands first. */
const offeredWith = (hours: number): readonly number[] => (OFFERED.includes(hours) ? OFFERED : [hours, ...OFFERED]);

export function Rhythm({ read }: { read: FleetImages }) {
  // Shown until the next reading says what holds, so that the choice does not jump back in between.
  const [chosen, choose] = useState<{ hours: number; over: FleetImages } | null>(null);
  const hours = chosen?.over === read ? chosen.hours : read.everyHours;
  async function set(next: number): Promise<void> {
    choose({ hours: next, over: read });
    if (!(await askEvery(next))) choose(null);
  }
  return (
    <>
      {read.everyHours === ON_DEMAND && <span className="el" title={text.onDemand} data-testid="images-on-demand">{text.onDemand}</span>}
      <label className="hs rhythm">
        {text.label}
        <select className="field" value={hours} title={text.title} onChange={(event) => void set(Number(event.target.value))} data-testid="image-rhythm">
          {offeredWith(read.everyHours).map((one) => <option key={one} value={one}>{text.every(one)}</option>)}
        </select>
      </label>
    </>
  );
}
