import { parseArgs } from 'node:util';
import { runCampaign } from './campaign';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '25' }, seed: { type: 'string', default: '1' } },
});

async function main(): Promise<number> {
  const { stdout } = process;
  const enough = new AbortController();
  process.once('SIGINT', () => enough.abort());
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  const { failed, ...figures } = await runCampaign(runs, seed, enough.signal, (run, done) => {
    for (const violation of run.violations) stdout.write(`✖ seed ${run.seed}: ${violation}\n`);
    if (run.violations.length > 0) stdout.write(`${run.story}\n`);
    if (done % 25 === 0) stdout.write(`${done} runs\n`);
  });
  stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
  for (const { seed } of failed) stdout.write(`✖ again: npm run campaign -- --runs 1 --seed ${seed}\n`);
  return failed.length === 0 ? 0 : 1;
}

void main().then((exitCode) => {
  process.exitCode = exitCode;
});
