import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { planPipelinesFile, planPipelinesFileRemoval } from '../../../src/setup/pipelines/file';
import { type StepContent, toStepContent, toStepText } from '../../../src/setup/pipelines/step';
import { parseRequest, type SetupFlags } from '../../../src/setup/request';
import { mirror } from '../world';

function contentOf(flags: SetupFlags = {}, env: Record<string, string> = {}): StepContent {
  const given = { bitbucket: 'acme/app', codecommit: 'eu-west-1/app', ...flags };
  const request = parseRequest(given, { env: { HOME: '/h', ...env }, cwd: '/clone', origin: undefined });
  return toStepContent(request, 'arn:aws:iam::1:role/r');
}

const key = contentOf();
const [step] = parse(toStepText(key));
const make = '    - step:\n        script:\n          - make\n';
const tags = { tags: { '**': [step] } };

/** Adds the step; sees that each line of before is still there, in its order, and that a second time adds nothing. */
function add(before: string | undefined, content = key): { text: string; added: readonly string[] } {
  const { text, added } = planPipelinesFile(before, content);
  if (text === undefined) throw new Error('nothing was added');
  const lines = text.split('\n');
  let at = 0;
  for (const line of (before ?? '').trimEnd().split('\n')) {
    at = lines.indexOf(line, at);
    expect(at, `the line "${line}"`).toBeGreaterThanOrEqual(0);
    at += 1;
  }
  expect(planPipelinesFile(text, content)).toMatchObject({ text: undefined, different: [] });
  return { text, added };
}

describe('the step in bitbucket-pipelines.yml', () => {
  it('has what is no secret in it, and variables for the rest', () => {
    expect(step).toEqual({
      step: {
        name: 'Mirror to CodeCommit (eu-west-1/app)',
        script: [
          {
            pipe: expect.stringMatching(/^org\/codecommit-mirror:\d+\.\d+$/),
            variables: {
              CODECOMMIT_URL: 'ssh://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
              SSH_KEY_ID: '$CODECOMMIT_SSH_KEY_ID_1064DAE7',
              SSH_KEY: '$CODECOMMIT_SSH_KEY_1064DAE7',
              REFS: 'all',
              CODE_INSIGHTS: 'true',
            },
          },
        ],
      },
    });
    const [role] = parse(toStepText(contentOf({ oidc: true })));
    expect(role.step.oidc).toBe(true);
    expect(role.step.script[0].variables).toEqual({
      CODECOMMIT_URL: 'https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app',
      AWS_OIDC_ROLE_ARN: 'arn:aws:iam::1:role/r',
      REFS: 'all',
      CODE_INSIGHTS: 'true',
    });
  });

  it('has the host key where AWS has published none', () => {
    const line = `git-codecommit.il-central-1.amazonaws.com SHA256:${'A'.repeat(43)}`;
    const content = contentOf({ codecommit: 'il-central-1/app' }, { KNOWN_HOSTS: line });
    expect(parse(toStepText(content))[0].step.script[0].variables.KNOWN_HOSTS).toEqual([line]);
  });

  it('makes the file, with a pipeline of tags', () => {
    for (const before of [undefined, '', '\n']) {
      const { text, added } = add(before);
      expect(parse(text)).toEqual({ pipelines: { default: [step], ...tags } });
      expect(added).toEqual(['default', 'tags **']);
    }
  });

  it('comes first, so that neither a red test nor a manual trigger is before it', () => {
    const before = [
      '# Our pipeline',
      'image:   node:22   # pinned',
      '',
      'pipelines:',
      '    default:   # every branch',
      '    # first the tests',
      '    - step:',
      "          name: 'Test'",
      '          script: [ "make test" ] # fast',
      '    - step:',
      '          trigger: manual',
      '          script: [ "make deploy" ]',
      '    # that was it',
      '',
      '    custom:',
      '        nightly:',
      '        - step: { script: [ make ] }',
      '',
    ].join('\n');
    const { pipelines } = parse(add(before).text);
    expect(pipelines.default).toEqual([
      step,
      { step: { name: 'Test', script: ['make test'] } },
      { step: { trigger: 'manual', script: ['make deploy'] } },
    ]);
    expect(pipelines.custom).toEqual({ nightly: [{ step: { script: ['make'] } }] });
    expect(pipelines.tags).toEqual({ '**': [step] });
  });

  it('comes to each pipeline that runs in place of default', () => {
    const before = `pipelines:\n  branches:\n    main:\n${make.replaceAll(/^/gm, '  ').trimEnd()}\n    'release/*':\n      - step: {script: [make]}\n  tags:\n    'v*':\n      - step: {script: [make]}\n  pull-requests:\n    '**':\n      - step: {script: [make]}\n`;
    const { text, added } = add(before);
    expect(added).toEqual(['branches main', 'branches release/*', 'tags v*', 'default']);
    const { pipelines } = parse(text);
    expect(pipelines.default).toEqual([step]);
    expect(pipelines.branches.main).toEqual([step, { step: { script: ['make'] } }]);
    expect(pipelines.branches['release/*'][0]).toEqual(step);
    expect(pipelines.tags).toEqual({ 'v*': [step, { step: { script: ['make'] } }] });
    expect(pipelines['pull-requests']['**']).toHaveLength(1);
  });

  it.each([
    ['pipelines is missing', 'image: node:22\n', { image: 'node:22' }],
    ['the last line is open', 'image: node:22', { image: 'node:22' }],
    ['pipelines is empty', 'pipelines:\nimage: node:22\n', { image: 'node:22' }],
    ['pipelines is empty and last', 'pipelines:', {}],
    ['default is empty', 'pipelines:\n  default:\nimage: node:22\n', { image: 'node:22' }],
    ['default is empty, with a comment', 'pipelines:\n  default: # soon\nimage: x\n', { image: 'x' }],
    ['the file is comments', '# nothing yet\n', {}],
  ])('finds its place when %s', (_case, before, rest) => {
    expect(parse(add(before).text)).toEqual({ ...rest, pipelines: { default: [step], ...tags } });
  });

  it.each([
    'pipelines:\n  default: ~\nimage: x\n',
    'pipelines:\n  default: null # soon\nimage: x\n',
    'pipelines: ~\nimage: x\n',
  ])('takes the place of a null: %j', (before) => {
    const { text } = planPipelinesFile(before, key);
    expect(parse(text ?? '')).toEqual({ image: 'x', pipelines: { default: [step], ...tags } });
  });

  it('finds its place when default is missing, and leaves triggers alone', () => {
    const triggers = "triggers:\n  repository-push:\n    - condition: 'true'\n      pipelines: [nightly]\n";
    const { text } = add(
      `pipelines:\n  custom:\n    nightly:\n${make.replaceAll(/^/gm, '  ').trimEnd()}\n${triggers}`,
    );
    expect(parse(text).pipelines.default).toEqual([step]);
    expect(text.endsWith(triggers)).toBe(true);
  });

  it('adds the nightly pipeline, beside others', () => {
    const content = contentOf({ nightly: true });
    const { text, added } = add(
      `pipelines:\n  custom:\n    other:\n${make.replaceAll(/^/gm, '  ')}`,
      content,
    );
    expect(added).toEqual(['default', 'tags **', 'custom codecommit-mirror-1064dae7']);
    expect(Object.keys(parse(text).pipelines.custom)).toEqual(['codecommit-mirror-1064dae7', 'other']);
    expect(parse(add(undefined, content).text).pipelines.custom['codecommit-mirror-1064dae7']).toEqual([
      step,
    ]);
  });

  it('goes through an anchor once', () => {
    const steps = 'definitions:\n  all: &all\n    - step: {script: [make]}\n';
    const { text } = add(`${steps}pipelines:\n  default: *all\n  branches:\n    main: *all\n`);
    const { pipelines } = parse(text);
    expect(pipelines.default).toEqual([step, { step: { script: ['make'] } }]);
    expect(pipelines.branches.main).toEqual(pipelines.default);
  });

  it('stands before parallel steps, stages and block texts', () => {
    const { text } = add(
      'pipelines:\n  default:\n    - parallel:\n        - step: {script: [a]}\n        - step:\n            script:\n              - |\n                one\n\n                two\n\nimage: x\n',
    );
    expect(parse(text).pipelines.default).toHaveLength(2);
    expect(parse(text).pipelines.default[0]).toEqual(step);
    expect(parse(text).image).toBe('x');
  });

  it('keeps line ends of Windows', () => {
    const before = 'image: x\r\npipelines:\r\n  default:\r\n    - step: {script: [make]}\r\n';
    const { text } = planPipelinesFile(before, key);
    expect(text).toMatch(/^image: x\r\npipelines:\r\n {2}default:\r\n {4}- step:\r\n/);
    expect(text).not.toMatch(/[^\r]\n/);
  });

  it('stands beside the step of another mirror of this repository, and that of an unknown one', () => {
    const other = contentOf({ codecommit: 'us-east-1/app' });
    const both = add(add(undefined, other).text).text;
    expect(parse(both).pipelines.default).toHaveLength(2);
    const unknown = toStepText(key, '    ').replace(/ssh:.*/, '$CODECOMMIT_URL');
    expect(parse(add(`pipelines:\n  default:\n${unknown}`).text).pipelines.default).toHaveLength(2);
  });

  it('is there already, also by hand, in a parallel or with another version', () => {
    for (const pipe of [
      'org/codecommit-mirror:1.0',
      'docker://org/codecommit-mirror:0.9',
      'x/codecommit-mirror',
    ]) {
      const item = toStepText(key, '        ').replace(/org\/codecommit-mirror:[\d.]+/, pipe);
      const list = `    - parallel:\n${item}`;
      const before = `pipelines:\n  default: &all\n${list}  tags:\n    v: *all\n`;
      expect(planPipelinesFile(before, key)).toEqual({ text: undefined, added: [], different: [] });
    }
  });

  it('is left to be changed by hand where it has another login, and its line is named', () => {
    const { text } = planPipelinesFile(undefined, contentOf({ oidc: true }));
    expect(planPipelinesFile(text, key)).toEqual({ text: undefined, added: [], different: [7, 19] });
  });

  it.each([
    ['it is not valid YAML', 'pipelines: [\n'],
    ['it is not a mapping', '- a\n'],
    ['"pipelines" is not a mapping', 'pipelines: 7\n'],
    ['"pipelines" is written as { }', 'pipelines: {custom: {x: []}}\n'],
    ['a list of steps is written as [ ]', 'pipelines:\n  default: [ {step: {script: [make]}} ]\n'],
    ['the pipeline "default" is not a list of steps', 'pipelines:\n  default:\n    import: other\n'],
  ])('says why it can not be added: %s', (why, before) => {
    expect(() => planPipelinesFile(before, key)).toThrow(`bitbucket-pipelines.yml can't be changed: ${why}`);
  });
});

describe('the removal of the step', () => {
  const remove = (text: string | undefined) => planPipelinesFileRemoval(text ?? '', mirror);

  it.each([
    undefined,
    'image: x\n',
    '# a comment\npipelines:\n  default:\n    - step: {script: [make]}\n\n# the end\n',
    'pipelines:\n  custom:\n    x:\n      - step: {script: [make]}\nimage: x\n',
    `pipelines:\n  branches:\n    main:\n      - step: {script: [make]}\n  default:\n${make}`,
  ])('leaves no trace in %j', (before) => {
    for (const content of [key, contentOf({ oidc: true, nightly: true }), contentOf({ nightly: true })]) {
      const { text } = planPipelinesFile(before, content);
      expect(remove(text)).toMatchObject({ text: before ?? '', left: [] });
    }
  });

  it('takes a step in another version away, and one that somebody edited', () => {
    const { text = '' } = planPipelinesFile('image: x\n', key);
    expect(remove(text.replaceAll(/codecommit-mirror:[\d.]+/g, 'codecommit-mirror:0.9.1')).text).toBe(
      'image: x\n',
    );
    expect(remove(text.replaceAll('REFS: all', "FORCE: 'true'")).text).toBe('image: x\n');
  });

  it('leaves a pipe in a parallel, or beside other commands, and names its line', () => {
    const inside = `pipelines:\n  default:\n    - parallel:\n${toStepText(key, '        ')}`;
    expect(remove(inside)).toEqual({ text: undefined, uses: [7], left: [7] });
    const beside = inside
      .replace('- parallel:', '- stage:')
      .replace('script:\n', 'script:\n              - make\n');
    expect(remove(beside)).toMatchObject({ text: undefined, left: [8] });
  });

  it('leaves the step of another mirror', () => {
    const { text: other } = planPipelinesFile(undefined, contentOf({ codecommit: 'us-east-1/app' }));
    const { text: both } = planPipelinesFile(other, key);
    expect(remove(both).text).toBe(other);
    expect(remove(other)).toEqual({ text: undefined, uses: [], left: [] });
  });

  it('is not the whole step where that has other destinations, too', () => {
    const shared = [
      'pipelines:',
      '  default:',
      '    - step:',
      '        script:',
      '          - pipe: org/codecommit-mirror:1.0',
      '            variables:',
      '              CODECOMMIT_URL:',
      '                - codecommit::us-east-1://app',
      '                - codecommit::eu-west-1://app',
      '',
    ].join('\n');
    expect(remove(shared)).toEqual({ text: undefined, uses: [5], left: [5] });
    // It is a step of this mirror: setup adds no second one there, and names its login.
    expect(planPipelinesFile(shared, key)).toMatchObject({ added: ['tags **'], different: [5] });
  });
});
