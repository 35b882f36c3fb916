import type { ServerResponse } from 'node:http';

/** That a role's session has. */
export const sessionAccessKeyId = 'ASIAIOSFODNN7EXAMPLE';
export const fleetRole = 'arn:aws:iam::111122223333:role/fleet';
/** A role that is assumed with this external ID only. */
export const guardedRole = { role: `${fleetRole}-guarded`, externalId: 'an-external-id' };

/** Answers AssumeRole of STS. */
export function answerSts(parameters: URLSearchParams, response: ServerResponse): void {
  const send = (status: number, xml: string) =>
    response.writeHead(status, { 'Content-Type': 'text/xml' }).end(xml);
  const space = 'https://sts.amazonaws.com/doc/2011-06-15/';
  const [role, externalId] = [parameters.get('RoleArn'), parameters.get('ExternalId')];
  const isGuarded = role === guardedRole.role && externalId === guardedRole.externalId;
  if (role !== fleetRole && !isGuarded) {
    const message = `User is not authorized to perform: sts:AssumeRole on resource: ${parameters.get('RoleArn')}`;
    const error = `<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error>`;
    return void send(403, `<ErrorResponse xmlns="${space}">${error}</ErrorResponse>`);
  }
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const credentials = `<Credentials><AccessKeyId>${sessionAccessKeyId}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>${expiration}</Expiration></Credentials>`;
  const result = `<AssumeRoleResult>${credentials}</AssumeRoleResult>`;
  send(200, `<AssumeRoleResponse xmlns="${space}">${result}</AssumeRoleResponse>`);
}
