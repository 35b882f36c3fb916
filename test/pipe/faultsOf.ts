import { type Fault, SettingsError } from '../../src/faults';

/** The faults that `parse` throws, as text; an empty list when it throws none. */
export function faultsOf(parse: () => unknown): readonly string[] {
  return fullFaultsOf(parse).map(({ variable, message }) => `${variable} | ${message}`);
}

export function fullFaultsOf(parse: () => unknown): readonly Fault[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

export async function asyncFaultsOf(parse: () => Promise<unknown>): Promise<readonly Fault[]> {
  const ended = await parse().then(
    () => () => undefined,
    (error: unknown) => () => {
      throw error;
    },
  );
  return fullFaultsOf(ended);
}
