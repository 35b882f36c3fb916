import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { planPipelinesFile, planPipelinesFileRemoval } from '../../src/setup/pipelinesFile';
import { toStepText } from '../../src/setup/pipelinesStep';

const key = { oidc: false, endpoint: undefined };
const [step] = parse(toStepText(key, ''));
const make = '    - step:\n        script:\n          - make\n';

/** Adds the step; sees that each line of before is still there, in its place, and that a second time adds nothing. */
function add(before: string | undefined): { text: string; added: string[] } {
  const { text, added } = planPipelinesFile(before, key);
  if (text === undefined) throw new Error('nothing was added');
  const lines = text.split('\n');
  let at = 0;
  for (const line of (before ?? '').trimEnd().split('\n')) {
    at = lines.indexOf(line, at);
    expect(at, `the line "${line}"`).toBeGreaterThanOrEqual(0);
  }
  expect(planPipelinesFile(text, key).text).toBeUndefined();
  return { text, added };
}

describe('the step in bitbucket-pipelines.yml', () => {
  it('makes the file', () => {
    for (const before of [undefined, '', '\n']) {
      const { text, added } = add(before);
      expect(parse(text)).toEqual({ pipelines: { default: [step] } });
      expect(added).toEqual(['default']);
    }
  });

  it('stands at the end of default, in the indentation that is there, with comments and blank lines kept', () => {
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
      '    # that was it',
      '',
      '    custom:',
      '        nightly:',
      '        - step: { script: [ make ] }',
      '',
    ].join('\n');
    const { text } = add(before);
    const [begin, end] = before.split('    # that was it\n');
    expect([
      `${begin}${toStepText(key, '    ')}    # that was it\n${end}`,
      `${begin}    # that was it\n${toStepText(key, '    ')}${end}`,
    ]).toContain(text);
    expect(parse(text).pipelines.default).toEqual([{ step: { name: 'Test', script: ['make test'] } }, step]);
  });

  it('comes to each pipeline that runs in place of default', () => {
    const before = `pipelines:\n  branches:\n    main:\n${make.replaceAll(/^/gm, '  ').trimEnd()}\n    'release/*':\n      - step: {script: [make]}\n  tags:\n    '**':\n      - step: {script: [make]}\n  pull-requests:\n    '**':\n      - step: {script: [make]}\n`;
    const { text, added } = add(before);
    expect(added).toEqual(['branches main', 'branches release/*', 'tags **', 'default']);
    const { pipelines } = parse(text);
    expect(pipelines.default).toEqual([step]);
    expect(pipelines.branches.main).toEqual([{ step: { script: ['make'] } }, step]);
    expect(pipelines.branches['release/*'][1]).toEqual(step);
    expect(pipelines.tags['**'][1]).toEqual(step);
    expect(pipelines['pull-requests']['**']).toHaveLength(1);
  });

  it.each([
    ['pipelines is missing', 'image: node:22\n', { image: 'node:22' }],
    ['the last line is open', 'image: node:22', { image: 'node:22' }],
    ['pipelines is empty', 'pipelines:\nimage: node:22\n', { image: 'node:22' }],
    ['pipelines is empty and last', 'pipelines:', {}],
    ['default is empty', 'pipelines:\n  default:\nimage: node:22\n', { image: 'node:22' }],
    ['the file is comments', '# nothing yet\n', {}],
  ])('finds its place when %s', (_case, before, rest) => {
    expect(parse(add(before).text)).toEqual({ ...rest, pipelines: { default: [step] } });
  });

  it('finds its place when default is missing', () => {
    const { text } = add(`pipelines:\n  custom:\n    nightly:\n${make.replaceAll(/^/gm, '  ')}`);
    expect(parse(text).pipelines.default).toEqual([step]);
  });

  it('goes through an anchor once', () => {
    const steps = 'definitions:\n  all: &all\n    - step: {script: [make]}\n';
    const { text } = add(`${steps}pipelines:\n  default: *all\n  branches:\n    main: *all\n`);
    const { pipelines } = parse(text);
    expect(pipelines.default).toEqual([{ step: { script: ['make'] } }, step]);
    expect(pipelines.branches.main).toEqual(pipelines.default);
  });

  it('stands behind parallel steps, stages and block texts', () => {
    const { text } = add(
      'pipelines:\n  default:\n    - parallel:\n        - step: {script: [a]}\n        - step:\n            script:\n              - |\n                one\n\n                two\n\nimage: x\n',
    );
    expect(parse(text).pipelines.default).toHaveLength(2);
    expect(parse(text).image).toBe('x');
  });

  it('keeps line ends of Windows', () => {
    const before = 'image: x\r\npipelines:\r\n  default:\r\n    - step: {script: [make]}\r\n';
    const { text } = planPipelinesFile(before, key);
    expect(text).toBe(before + toStepText(key, '    ').replaceAll('\n', '\r\n'));
  });

  it('is there already, also by hand, in a parallel or with another version', () => {
    for (const pipe of [
      'org/codecommit-mirror:1.0',
      'docker://org/codecommit-mirror:0.9',
      'other/codecommit-mirror',
    ]) {
      const items = `    - parallel:\n        - step:\n            script:\n              - pipe: ${pipe}\n`;
      expect(planPipelinesFile(`pipelines:\n  default:\n${items}`, key).text).toBeUndefined();
    }
  });

  it.each([
    ['it is no valid YAML', 'pipelines: [\n'],
    ['it is no mapping', '- a\n'],
    ['"pipelines" is no mapping', 'pipelines: 7\n'],
    ['"pipelines" is written as { }', 'pipelines: {custom: {x: []}}\n'],
    ['a list of steps is written as [ ]', 'pipelines:\n  default: [ {step: {script: [make]}} ]\n'],
    [
      'it has a form in which the step finds no place',
      'pipelines:\n  default:\n    - step:\n        script:\n          - |+\n            the blank lines count\n\n\n',
    ],
    ['the pipeline "default" is no list of steps', 'pipelines:\n  default:\n    import: other\n'],
  ])('says why it can not be added: %s', (why, before) => {
    expect(() => planPipelinesFile(before, key)).toThrow(`bitbucket-pipelines.yml can't be changed: ${why}`);
  });

  it.each([
    undefined,
    'image: x\n',
    '# a comment\npipelines:\n  default:\n    - step: {script: [make]}\n\n# the end\n',
    'pipelines:\n  custom:\n    x:\n      - step: {script: [make]}\nimage: x\n',
    `pipelines:\n  branches:\n    main:\n      - step: {script: [make]}\n  default:\n${make}`,
  ])('is removed without a trace from %j', (before) => {
    for (const way of [key, { ...key, oidc: true }, { ...key, endpoint: 'vpce' }]) {
      const { text } = planPipelinesFile(before, way);
      expect(planPipelinesFileRemoval(text).text).toBe(before ?? '');
    }
  });

  it('gives place to one that goes the other way, in the same pipelines', () => {
    const before = `image: x\npipelines:\n  default:\n${make}`;
    const { text: withKey } = planPipelinesFile(before, key);
    const role = { ...key, oidc: true };
    const { text: withRole, added } = planPipelinesFile(withKey, role);
    expect(withRole).toBe(before + toStepText(role, '    '));
    expect(added).toEqual(['default']);
    expect(planPipelinesFile(withRole, role).text).toBeUndefined();
    expect(planPipelinesFile(withRole, key).text).toBe(withKey);
  });

  it('is known by a removal in another version', () => {
    const { text } = planPipelinesFile('image: x\n', key);
    const older = text?.replace(/codecommit-mirror:[\d.]+/, 'codecommit-mirror:0.9.1');
    expect(older).not.toBe(text);
    expect(planPipelinesFileRemoval(older).text).toBe('image: x\n');
  });

  it('is left alone by a removal when somebody changed it', () => {
    const { text } = planPipelinesFile(undefined, key);
    expect(planPipelinesFileRemoval(text?.replace('REFS: all', 'REFS: current')).text).toBeUndefined();
    expect(planPipelinesFileRemoval(undefined).text).toBeUndefined();
  });
});
