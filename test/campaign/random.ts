/** A source of choices that one number decides: the same seed, the same choices. */
export interface Random {
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  /** True in so many of 100 cases. */
  chance(percent: number): boolean;
  /** One of these; throws when there is none. */
  pick<T>(items: readonly T[]): T;
  /** Each of these in so many of 100 cases. */
  some<T>(items: readonly T[], percent: number): T[];
  /** Text of so many characters that does not compress well. */
  text(length: number): string;
}

/** Mulberry32, by Tommy Ettinger (public domain): 32 bits of state, good enough to vary tests. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const chance = (percent: number) => next() * 100 < percent;
  const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    whole,
    chance,
    pick<T>(items: readonly T[]): T {
      const [item] = items.slice(whole(0, items.length - 1));
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    some: (items, percent) => items.filter(() => chance(percent)),
    text: (length) =>
      Array.from({ length }, () => String.fromCharCode(33 + Math.floor(next() * 90))).join(''),
  };
}
