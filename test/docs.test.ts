import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';
import { toVariablesTable } from '../scripts/variablesTable';
import { errorCodes } from '../src/errors';
import { readSettings } from '../src/pipe/settings';
import { variables } from '../src/pipe/variables';
import { keyId, keyPair, openWorld, runProgram } from './e2e/world';
import { git, gitWith } from './servers/git';
import { toPointer } from './servers/lfs';

const root = resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const readme = read('README.md');
const names = variables.map(({ name }) => name);

/** The insides of the fenced blocks of one language. */
function blocksOf(markdown: string, language: string): string[] {
  const pattern = new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms');
  return [...markdown.matchAll(pattern)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

const variablesPage = read('docs/variables.md');

describe('the README', () => {
  it("has the sections of Atlassian's pipes, in their order, in at most 300 lines", () => {
    expect(readme).toMatch(/^# Bitbucket Pipelines Pipe: CodeCommit mirror\n\n[^\n]+\n\n/);
    const wanted = [
      'YAML Definition',
      'Variables',
      'Details',
      'Prerequisites',
      'Examples',
      'Support',
      'License',
    ];
    const titles = [...readme.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title);
    expect(titles.filter((title) => wanted.includes(title))).toEqual(wanted);
    expect(readme.split('\n').length).toBeLessThanOrEqual(300);
  });

  it('begins with six lines of YAML, and names only variables that exist', () => {
    const [first = ''] = blocksOf(readme, 'yaml');
    expect(first.trim().split('\n')).toHaveLength(6);
    const [, table = ''] = /^## Variables\n(.*?)^## /ms.exec(readme) ?? [];
    const rows = [...table.matchAll(/^\| ([A-Z_]{2,})/gm)].map(([, name]) => name);
    expect(rows.length).toBeGreaterThan(5);
    expect(names).toEqual(expect.arrayContaining(rows));
  });

  it('has the figures of the benchmarks and of the campaign', () => {
    const figures = read('docs/benchmarks.md');
    const [, table = ''] = /^### Compared with the usual ways\n(.*?)^### /ms.exec(readme) ?? [];
    const cells = [...table.matchAll(/\| (?=[^|\n]*\d)([\d.]+) s/g)].map(([, seconds]) => Number(seconds));
    expect(cells.length).toBeGreaterThan(7);
    const measured = [...figures.matchAll(/^\| [^|]+ \| ([\d.]+) \|/gm)].map(([, seconds]) =>
      Number(seconds),
    );
    for (const cell of cells)
      expect(
        measured.some((each) => each.toFixed(cell < 10 ? 1 : 0) === String(cell.toFixed(cell < 10 ? 1 : 0))),
      ).toBe(true);
    for (const figure of [/([\d,]+) random worlds/, /([\d,]+) runs of the pipe/])
      expect(read('docs/reliability.md')).toContain(` ${figure.exec(readme.replace(/\s+/g, ' '))?.[1]}`);
  });
});

describe('the documentation', () => {
  it('has the table of variables that the schema gives', () => {
    const [, table] = /<!-- variables -->\n(.*)\n<!-- \/variables -->/s.exec(variablesPage) ?? [];
    expect(table).toBe(toVariablesTable());
  });

  it('has every variable in the YAML definition, in the order of the table', () => {
    const [block = ''] = blocksOf(variablesPage, 'yaml');
    const definition = parse(block.replaceAll('    # ', '    '));
    expect(Object.keys(definition[0].variables)).toEqual(names);
  });

  it('has a policy that allows what git needs, on one repository', () => {
    const [policy, trust, ...more] = blocksOf(read('docs/setup.md'), 'json').map((block) =>
      JSON.parse(block),
    );
    expect(more).toEqual([]);
    const claim = (name: string) => expect.stringMatching(new RegExp(`/identity/oidc:${name}$`));
    expect(trust.Statement).toHaveLength(1);
    expect(trust.Statement[0].Action).toBe('sts:AssumeRoleWithWebIdentity');
    const { StringEquals, StringLike } = trust.Statement[0].Condition;
    // Of this workspace, and of this repository.
    expect([Object.keys(StringEquals), Object.keys(StringLike)]).toEqual([[claim('aud')], [claim('sub')]]);
    expect(policy.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['codecommit:GitPull', 'codecommit:GitPush'],
        Resource: expect.stringMatching(/^arn:aws:codecommit:[a-z0-9-]+:\d{12}:[\w.-]+$/),
      },
    ]);
  });
});

/** Every step of an example that uses the pipe, with its variables as Pipelines would hand them down. */
function pipesOf(node: unknown): Record<string, unknown>[] {
  if (Array.isArray(node)) return node.flatMap(pipesOf);
  if (typeof node !== 'object' || node === null) return [];
  const inside = Object.values(node).flatMap(pipesOf);
  if (!('pipe' in node && 'variables' in node)) return inside;
  return [Object.fromEntries(Object.entries(node.variables ?? {})), ...inside];
}

function toEnvironment(given: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(given).flatMap(([name, value]): [string, unknown][] => {
    if (!Array.isArray(value)) return [[name, value]];
    return [
      [`${name}_COUNT`, value.length],
      ...value.map((item, index): [string, unknown] => [`${name}_${index}`, item]),
    ];
  });
  const repositoryVariables = new Map([
    ['$CODECOMMIT_SSH_KEY_ID', keyId],
    ['$CODECOMMIT_FINGERPRINT', 'A'.repeat(43)],
  ]);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      String(value).replace(/\$\w+/g, (variable) => repositoryVariables.get(variable) ?? variable),
    ]),
  );
}

describe('the examples in YAML', () => {
  const pages = ['README.md', 'docs/setup.md', 'docs/examples.md', 'docs/checking.md'];
  // mirrors.yaml is held by its own test (test/fleet/docs.test.ts).
  const yamlBlocks = pages
    .flatMap((page) => blocksOf(read(page), 'yaml'))
    .filter((block) => !block.startsWith('mirrors:'));
  const examples = yamlBlocks.flatMap((block) => pipesOf(parse(block)));

  it('are there, each with the pipe', () => {
    for (const block of yamlBlocks) expect(pipesOf(parse(block))).not.toEqual([]);
    expect(examples.length).toBeGreaterThan(8);
  });

  test.each(examples.map((example) => [JSON.stringify(example), example] as const))(
    'are taken by the program: %s',
    async (_text, example) => {
      expect(names).toEqual(expect.arrayContaining(Object.keys(example)));
      const run = {
        BITBUCKET_BRANCH: 'main',
        BITBUCKET_COMMIT: '0123456789abcdef0123456789abcdef01234567',
        BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/team/repo',
        // A step of an example either has a key or assumes a role.
        ...('AWS_OIDC_ROLE_ARN' in example
          ? { BITBUCKET_STEP_OIDC_TOKEN: 'a-token' }
          : { SSH_KEY: keyPair.privateKey }),
      };
      const env = { ...run, ...toEnvironment(example) };
      const { destinations } = await readSettings(env, { cwd: root });
      for (const { destination } of destinations) expect(destination.name).toMatch(/^my-repo /);
    },
  );
});

it('the help of the command line has every flag with its description', async () => {
  const { exitCode, output } = await runProgram('cli', ['mirror', '--help'], root, {});
  expect(exitCode).toBe(0);
  const help = output.replace(/\s+/g, ' ');
  for (const { name, flag, description, secret } of variables) {
    if (secret) expect(help).not.toMatch(new RegExp(`\\[${name}[\\],]`));
    else if (flag !== undefined)
      expect(help).toContain(`${flag} ${description.replaceAll('`', '')} [${name}`);
  }
});

it('docs/troubleshooting.md has one entry for each code, and no more', () => {
  const entries = read('docs/troubleshooting.md').split(/^## /m).slice(1);
  expect(entries.map((entry) => entry.split('\n')[0]).sort()).toEqual(
    errorCodes.map((code) => `\`${code}\``).sort(),
  );
  // What it means, and what to do.
  for (const entry of entries) expect(entry.trim().split('\n\n').length).toBeGreaterThan(2);
});

/** The paths of all keys: `refs[].old`, `error.code`. */
function keysOf(node: unknown, path = ''): string[] {
  if (Array.isArray(node)) return node.flatMap((item) => keysOf(item, `${path}[]`));
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const inner = path === '' ? key : `${path}.${key}`;
    return [inner, ...keysOf(value, inner)];
  });
}

it('docs/report.md names every key of real reports, and no other', async () => {
  await using world = await openWorld();
  const commit = async (message: string, ...parents: string[]) => {
    const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
    const blob = await gitWith({ input: toPointer(message) }, world.source, 'hash-object', '-w', '--stdin');
    const input = `100644 blob ${blob}\tlarge.bin\n`;
    const tree = await gitWith({ input }, world.source, 'mktree');
    const oid = await git(world.source, ...identity, 'commit-tree', tree, '-m', message, ...parents);
    await git(world.source, 'update-ref', 'refs/heads/main', oid);
  };
  await commit('one');
  const clone = await world.clone();
  const file = join(world.root, 'report.json');
  async function report(exitCode: number, more: Record<string, string> = {}): Promise<string[]> {
    const run = await world.pipe(clone, { ...more, REPORT_FILE: file });
    expect(run.exitCode).toBe(exitCode);
    return keysOf(JSON.parse(await readFile(file, 'utf8')));
  }
  const mirrored = await report(0);
  await commit('rewritten');
  const diverged = await report(1);
  const failed = await report(1, { REFS: 'all', INCLUDE: 'nothing' });
  const forced = await report(0, { FORCE: 'true' });
  const [, fields = ''] = /^## Fields\n(.*?)^## /ms.exec(read('docs/report.md')) ?? [];
  const documented = [...fields.matchAll(/^\| `(\S+)` \|/gm)].map(([, key]) => key);
  expect(documented.sort()).toEqual([...new Set([...mirrored, ...diverged, ...failed, ...forced])].sort());
});

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs')).map((file) => `docs/${file}`),
];

/** GitHub's and Bitbucket's name of a heading, as the end of a link. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(documents.filter((file) => file.endsWith('.md')))('%s has links that lead somewhere', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  for (const link of links.filter((each) => !/^https?:/.test(each))) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : relative(root, resolve(root, dirname(file), path));
    expect(existsSync(join(root, target)), `${file}: ${link}`).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(read(target)), `${file}: ${link}`).toContain(anchor);
  }
});
