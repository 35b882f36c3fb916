// npm run campaign:fleet -- <worlds> <first seed>
import { runWorlds } from './campaign';

const [worlds = 1_000, first = 1] = process.argv.slice(2).map(Number);
const worldsAMachine = 10;
let failed = 0;
const machines = Math.ceil(worlds / worldsAMachine);
for (let seed = first; seed < first + machines; seed++) {
  await runWorlds(seed, worldsAMachine).catch((error: Error) => {
    failed++;
    process.stdout.write(`${error.message}\n`);
  });
}
process.stdout.write(
  `${machines * worldsAMachine} worlds on ${machines} machines from seed ${first}; ${failed} machines failed\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
