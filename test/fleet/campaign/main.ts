// npm run campaign:fleet -- <worlds> <first seed>
import { runWorld } from './world';

const [worlds = 1_000, first = 1] = process.argv.slice(2).map(Number);
let failed = 0;
for (let seed = first; seed < first + worlds; seed++) {
  await runWorld(seed).catch((error: Error) => {
    failed++;
    process.stdout.write(`${error.message}\n`);
  });
}
process.stdout.write(`${worlds} worlds from seed ${first}, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
