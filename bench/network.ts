import { createServer, connect as open, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { listenOnLoopback } from '../src/sandbox/loopback';

/** A way to a port of this machine that is as long as we want it. */
export interface Line extends AsyncDisposable {
  readonly port: number;
  /** The round trip, in milliseconds: half of it each way. Read at each packet. */
  roundTrip: number;
}

/**
 * Opens a TCP proxy on loopback that holds each packet back for half a round trip. TCP's own handshake is not ours to
 * hold back: instead nothing of a connection arrives at the server before one and a half, at the client before two.
 */
export async function openLine(port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  const line = { roundTrip: 0 };
  const server = createServer((client) => {
    const upstream = open(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay());
      socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    }
    const begin = performance.now();
    const arrival = (roundTrips: number) => () =>
      Math.max(performance.now() + line.roundTrip / 2, begin + roundTrips * line.roundTrip);
    carry(client, upstream, arrival(1.5));
    carry(upstream, client, arrival(2));
  });
  return Object.assign(line, {
    port: await listenOnLoopback(server),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  });
}

/** Passes on what comes, in its order, each piece at the time that `arrival` gives when it comes. */
function carry(from: Socket, to: Socket, arrival: () => number): void {
  let last = Promise.resolve();
  function later(act: () => unknown) {
    const at = arrival();
    last = last.then(async () => {
      const milliseconds = at - performance.now();
      // A timer of 0 takes a millisecond, and a listing may come in a thousand pieces.
      if (milliseconds > 0) await wait(milliseconds);
      if (!to.destroyed) act();
    });
  }
  from.on('data', (piece: Buffer) => later(() => to.write(piece)));
  from.on('end', () => later(() => to.end()));
  from.on('close', () => later(() => to.destroy()));
}
