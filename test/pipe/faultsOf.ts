import { collectFaults, type Fault, type FaultCollection } from '../../src/faults';

/** The faults that `parse` adds or throws, as text; an empty list if there are none. */
export function faultsOf(parse: (faults: FaultCollection) => unknown): readonly string[] {
  return fullFaultsOf(parse).map(({ variable, message }) => `${variable} | ${message}`);
}

export function fullFaultsOf(parse: (faults: FaultCollection) => unknown): readonly Fault[] {
  const faults = collectFaults();
  faults.attempt(() => parse(faults));
  return faults.faults;
}

export async function asyncFaultsOf(
  parse: (faults: FaultCollection) => Promise<unknown>,
): Promise<readonly Fault[]> {
  const faults = collectFaults();
  await faults.attemptAsync(() => parse(faults));
  return faults.faults;
}
