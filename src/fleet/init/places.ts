import { destinationSchemas } from '../configuration/destination';
import { splitExpectation } from '../configuration/fields';
import { hostKinds } from '../configuration/keys';
import { isTokenLike } from '../configuration/schemaFaults';
import { sourceSchemas } from '../configuration/source';

/** The keys of `from` or `to`, as they are written. */
export type PlaceKeys = Readonly<Record<string, string>>;

/** What the five questions are answered with. */
export interface InitAnswers {
  readonly from: PlaceKeys;
  readonly to: PlaceKeys;
  /** Whether rewritten and deleted branches are rewritten and deleted at the destination too. */
  readonly exact: boolean;
}

/** What `fleet init` asks for each kind of host, and how the answer becomes keys. */
interface PlaceForm {
  readonly question: string;
  readonly example: string;
  readonly token: string | undefined;
  readonly parse: (answer: Answer) => PlaceKeys;
}

/** An answer: a bare path, or an address, of which `url` is the host and `path` the rest. */
interface Answer {
  readonly url: string | undefined;
  readonly path: string;
}

const forms: Readonly<Record<string, PlaceForm>> = {
  github: {
    question: 'Which organisation or user',
    example: 'acme, or https://github.example.com/acme',
    token: 'GITHUB_TOKEN',
    parse: ({ url, path }) => ({ ...toUrlKey(url, 'https://github.com'), owner: path }),
  },
  gitlab: {
    question: 'Which group, with its subgroups',
    example: 'acme/platform, or https://gitlab.example.com/acme',
    token: 'GITLAB_TOKEN',
    parse: ({ url, path }) => ({ ...toUrlKey(url, 'https://gitlab.com'), group: path }),
  },
  bitbucket: {
    question: 'Which workspace, or workspace/PROJECT',
    example: 'acme, or acme/PLAT',
    token: 'BITBUCKET_TOKEN',
    parse: ({ path }) => {
      const [workspace = '', project] = path.split('/');
      return { workspace, ...(project && { project }) };
    },
  },
  'bitbucket-datacenter': {
    question: 'Which project, as its address',
    example: 'https://bitbucket.example.com/projects/PLAT',
    token: 'BITBUCKET_TOKEN',
    parse: ({ url, path }) => {
      const [, context = '', project = ''] = /^(.*?)\/?(?:projects\/)?([^/]*)$/.exec(path) ?? [];
      return { ...(url && { url: context === '' ? url : `${url}/${context}` }), project };
    },
  },
  codecommit: {
    question: 'Which region',
    example: 'eu-west-1',
    token: undefined,
    parse: ({ path }) => ({ region: path }),
  },
};

function toUrlKey(url: string | undefined, usual: string): PlaceKeys {
  return url === undefined || url === usual ? {} : { url };
}

/** The kinds of host that `fleet init` asks for; a list of addresses is written by hand. */
export const askedKinds: readonly string[] = hostKinds('to');

/** The question for the owner on this kind of host. */
export function toPlaceQuestion(kind: string): string {
  const form = forms[kind];
  return form === undefined ? '' : `${form.question} (${form.example})`;
}

/** The keys of a place, or what its answer must be. */
export function parsePlace(
  side: 'from' | 'to',
  kind: string,
  text: string,
): PlaceKeys | { readonly fault: string } {
  const form = forms[kind];
  const schema = (side === 'from' ? sourceSchemas : destinationSchemas).find(
    ({ shape }) => shape.host.value === kind,
  );
  if (form === undefined || schema === undefined) return { fault: `one of ${askedKinds.join(', ')}` };
  if (isTokenLike(text)) return { fault: `a name or an address, and no token: ${form.example}` };
  const token = form.token === undefined ? {} : { token: `$${form.token}` };
  const keys = { host: kind, ...form.parse(parseAnswer(text)), ...token };
  const issue = schema.safeParse(keys).error?.issues[0];
  return issue === undefined ? keys : { fault: splitExpectation(issue.message).form };
}

function parseAnswer(text: string): Answer {
  const [, url, path = ''] = /^(https?:\/\/[^/]+)?\/*(.*?)\/*$/.exec(text.trim()) ?? [];
  return { url, path };
}
