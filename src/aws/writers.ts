import { ListRolesCommand, type Role } from '@aws-sdk/client-iam';
import { callAws } from './call';
import { type Clients, readUsers } from './keyOwner';
import { readRefused } from './refusedActions';

/** Users and roles that may push to a repository, as far as IAM tells. */
export interface Writers {
  /** ARNs. */
  readonly writers: readonly string[];
  /** How many were asked about, and how many there are: an account may have thousands. */
  readonly asked: number;
  readonly total: number;
}

/** Each costs one request, and IAM throttles beyond a few a second. */
const askedAtMost = 200;
const atOnce = 4;

/**
 * Asks IAM of each user and role but `mirror` whether it may push to the repository: all policies of the account that
 * apply to it, boundaries too. Not seen: the root user, conditions of service control policies, and policies of a
 * session. Users come first, then roles of IAM Identity Center. Throws MirrorError, PermissionMissing among them.
 */
export async function findWriters(
  clients: Clients,
  { mirror, repository }: { readonly mirror: string; readonly repository: string },
): Promise<Writers> {
  const [users, roles] = await Promise.all([readUsers(clients), readRoles(clients)]);
  const others = [...users.map(({ arn }) => arn), ...roles].filter((arn) => arn !== mirror);
  const asked = others.slice(0, askedAtMost);
  const writers = new Set<string>();
  const queue = asked.values();
  const work = async () => {
    for (const principal of queue) {
      const question = { principal, actions: ['codecommit:GitPush'], resource: repository };
      if ((await readRefused(clients, question)).length === 0) writers.add(principal);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { writers: asked.filter((arn) => writers.has(arn)), asked: asked.length, total: others.length };
}

/** ARNs, without the roles of AWS's own services, which nobody else can take on. */
async function readRoles({ iam, signal }: Clients): Promise<readonly string[]> {
  const roles: Role[] = [];
  let Marker: string | undefined;
  do {
    const page = Marker === undefined ? {} : { Marker };
    const answer = await callAws('iam:ListRoles', () =>
      iam.send(new ListRolesCommand(page), { abortSignal: signal }),
    );
    roles.push(...(answer.Roles ?? []));
    Marker = answer.IsTruncated ? answer.Marker : undefined;
  } while (Marker !== undefined);
  const open = roles.filter(({ Path }) => !Path?.startsWith('/aws-service-role/'));
  const isOfPeople = ({ Path }: Role) => Path?.startsWith('/aws-reserved/sso.amazonaws.com/') === true;
  return [...open.filter(isOfPeople), ...open.filter((role) => !isOfPeople(role))].map(({ Arn = '' }) => Arn);
}
