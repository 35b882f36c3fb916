/** A clock that stands still until it is told to go on. */
export class VirtualClock {
  now = 0;
  #timers: { at: number; number: number; wake: () => void }[] = [];
  #count = 0;

  sleep(time: number): Promise<void> {
    return new Promise((resolve) => this.at(this.now + time, resolve));
  }

  at(time: number, wake: () => void): void {
    this.#timers.push({ at: time, number: this.#count++, wake });
  }

  /** Goes on until nobody sleeps any more. */
  async runToEnd(): Promise<void> {
    await settle();
    for (;;) {
      this.#timers.sort((a, b) => a.at - b.at || a.number - b.number);
      const next = this.#timers.shift();
      if (next === undefined) return;
      this.now = next.at;
      next.wake();
      await settle();
    }
  }
}

/** Lets every promise that can go on do so: none of these tests waits for the world outside. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
