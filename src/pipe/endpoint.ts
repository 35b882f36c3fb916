import { invalid, quote } from '../faults';
import { parseHost, parsePort } from '../remote/address';
import type { DestinationUrl } from './destinationUrl';

/**
 * Puts CODECOMMIT_ENDPOINT, `host[:port]`, in place of the git host of the region; the port is the scheme's own
 * unless it is given. Throws SettingsError.
 */
export function replaceHost(destination: DestinationUrl, endpoint: string | undefined): DestinationUrl {
  if (endpoint === undefined) return destination;
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(endpoint) ?? [];
  const host = parseHost(bracketed ?? plain, bracketed !== undefined);
  const number = port === undefined ? destination.port : parsePort(port);
  if (host === undefined || number === undefined) {
    throw invalid(
      'CODECOMMIT_ENDPOINT',
      `CODECOMMIT_ENDPOINT is ${quote(endpoint)}; it must be host or host:port.`,
      'Give the DNS name of the VPC endpoint for git, without https:// and without a path.',
    );
  }
  if (!destination.aws) {
    throw invalid(
      'CODECOMMIT_ENDPOINT',
      `CODECOMMIT_ENDPOINT stands in for the git host of a region, but CODECOMMIT_URL names the host ${destination.host}.`,
      'Leave CODECOMMIT_ENDPOINT out, or give CODECOMMIT_URL as codecommit::<region>://<name>.',
    );
  }
  return { ...destination, host, port: number };
}
