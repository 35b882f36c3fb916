import * as z from 'zod';
import { isRegion } from '../../remote/region';
import { checkedText, fieldTexts, optionalText, secret, text } from './fields';
import { hostUrlForm, isHostUrl, toNormalUrl } from './hostUrl';

/*
 * The keys that say which host and which of its owners is meant. They are the same in `from` and in `to`, and each has
 * the name that its host's own documentation uses.
 */

/** GitHub's logins: letters, digits and single hyphens, at most 39; Enterprise Managed Users have an underscore. */
const owner = text({
  description: 'The organisation or user.',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$/,
  form: 'the login of an organisation or user, such as acme',
  fix: 'Write owner: <login>, as in https://github.com/<login>.',
});

const groupPattern = /^[\w.-]+(?:\/[\w.-]+)*$/;

const group = optionalText({
  description: 'The full path of a group. Its subgroups are included. Set either `group` or `user`.',
  pattern: groupPattern,
  form: 'the path of a group, such as acme or acme/platform',
  fix: 'Write group: <path>, as in https://gitlab.com/<path>.',
});

const user = optionalText({
  description: 'A user, instead of `group`.',
  pattern: /^[\w.-]+$/,
  form: 'the name of a user, such as jane',
  fix: 'Write user: <name>, as in https://gitlab.com/<name>.',
});

const workspace = text({
  description: 'The ID of the workspace.',
  pattern: /^[a-z0-9_-]+$/i,
  form: 'the ID of a workspace, such as acme',
  fix: 'Write workspace: <id>, as in https://bitbucket.org/<id>.',
});

const projectKey = { pattern: /^~?\w[\w.-]*$/, form: 'the key of a project, such as PLAT' };

const cloudProject = optionalText({
  ...projectKey,
  description:
    'The key of a project: only its repositories are mirrored, and new ones are created in it. Default: every project of the workspace; Bitbucket chooses the project of new ones.',
  fix: 'Write project: <KEY>, as the settings of the project show it.',
});

const serverProject = text({
  ...projectKey,
  description: 'The key of the project; `~name` is the personal project of a user.',
  fix: 'Write project: <KEY>, as in /projects/<KEY> of its address.',
});

const email = optionalText({
  description:
    'The email address of the user who owns the API token. Without it, the token is an access token of a workspace, project or repository.',
  pattern: /^[^@\s]+@[^@\s]+$/,
  form: 'an e-mail address',
  fix: 'Write the address of the Atlassian account that made the API token.',
});

const username = optionalText({
  description: 'A user name. The token is then a password, for servers without HTTP access tokens.',
  pattern: /^[^\s:]+$/,
  form: 'a user name, without spaces and colons',
  fix: 'Write username: jane, for example.',
});

const region = checkedText({
  isValid: isRegion,
  form: 'a region of AWS, such as eu-west-1',
  fix: 'Write region: eu-west-1, for example.',
}).register(fieldTexts, { description: 'The AWS region.' });

const role = optionalText({
  description:
    'The role to assume, for example in another account. Default: the credentials that the AWS CLI would use.',
  pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  form: 'the ARN of a role, arn:aws:iam::<account>:role/<name>',
  fix: 'Write role: arn:aws:iam::123456789012:role/mirror, for example.',
});

/** IAM, AssumeRole: ExternalId. */
const externalId = optionalText({
  description: 'The external ID that the trust policy of `role` asks for.',
  pattern: /^[\w+=,.@:/-]{2,1224}$/,
  form: 'an external ID: 2 to 1224 letters, digits and + = , . @ : / -',
  fix: 'Write external_id: <the sts:ExternalId of the trust policy>.',
});

const address = checkedText({
  isValid: isHostUrl,
  form: `${hostUrlForm} (http:// only on this machine)`,
  fix: 'Write url: https://git.example.com, for example.',
}).transform(toNormalUrl);

function publicUrl(product: string, usual: string) {
  const description = `The address of ${product}. Default: ${usual}.`;
  return address.default(usual).register(fieldTexts, { description });
}

export const gitHubKeys = {
  host: z.literal('github'),
  url: publicUrl('your GitHub Enterprise Server', 'https://github.com'),
  owner,
  token: secret(
    'The token: a personal access token, fine-grained or classic, as a reference to where it is stored.',
  ),
};

export const gitLabKeys = {
  host: z.literal('gitlab'),
  url: publicUrl('your GitLab', 'https://gitlab.com'),
  group,
  user,
  token: secret(
    'The token: a personal, group or project access token, as a reference to where it is stored.',
  ),
};

export const bitbucketKeys = {
  host: z.literal('bitbucket'),
  url: publicUrl("Bitbucket Cloud's API", 'https://api.bitbucket.org'),
  workspace,
  project: cloudProject,
  email,
  token: secret(
    'The token: an API token (with `email`) or an access token, as a reference to where it is stored.',
  ),
};

export const bitbucketServerKeys = {
  host: z.literal('bitbucket-datacenter'),
  url: address.clone().register(fieldTexts, { description: 'The address of your Bitbucket Data Center.' }),
  project: serverProject,
  username,
  token: secret(
    'The token: an HTTP access token, or with `username` a password, as a reference to where it is stored.',
  ),
};

export const codeCommitKeys = {
  host: z.literal('codecommit'),
  region,
  role,
  external_id: externalId,
};

for (const keys of [gitHubKeys, gitLabKeys, bitbucketKeys, bitbucketServerKeys, codeCommitKeys])
  keys.host.register(fieldTexts, { description: 'The kind of git host.' });
