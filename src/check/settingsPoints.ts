import { toIdentityName } from '../aws/identity';
import type { Fault } from '../faults';
import type { RemoteSettings } from '../remote/settings';
import { laterPoints, type Point, settingsPoints, toFailed, toOk, toUnreached, toUnseen } from './point';

/** Each fault is a point; nothing else is checked. */
export function toFaultPoints(faults: readonly Fault[]): Point[] {
  const points = settingsPoints.flatMap((name) => {
    const concerned = faults.filter((fault) => toPointName(fault) === name);
    return concerned.length === 0 ? toUnreached([name]) : concerned.map((fault) => toFailed(name, fault));
  });
  return [...points, ...toUnreached(laterPoints)];
}

function toPointName({ code }: Fault): (typeof settingsPoints)[number] {
  if (code.startsWith('host-key-')) return 'host key';
  return code.startsWith('key-') ? 'key' : 'variables';
}

/** The points of valid variables. */
export function toSettingsPoints(destination: RemoteSettings): Point[] {
  const variables = toOk('variables', `the destination is ${destination.name}`);
  const { login } = destination;
  if (login.kind !== 'ssh') {
    const who = login.kind === 'aws' ? toIdentityName(login.identity).replace(/^the /, '') : login.kind;
    return [
      variables,
      toOk('key', who),
      toUnseen('host key', 'over HTTPS the certificate identifies the host'),
    ];
  }
  const { key, user, trust } = login;
  const size = key.bits === undefined ? '' : ` of ${key.bits} bits`;
  const trusted = trust.fingerprint ?? 'the lines of known_hosts';
  return [
    variables,
    toOk('key', `${key.type}${size}, ${key.fingerprint}, for the SSH user ${user}`),
    toOk('host key', `verified by ${trusted}`),
  ];
}
