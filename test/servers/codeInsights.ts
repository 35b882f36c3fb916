import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

const short = z.string().min(1).max(450);

/** What a value must be for its type ("Data field formats" in the reference of Bitbucket's REST API, "Reports"). */
const item = z.discriminatedUnion('type', [
  z.strictObject({ title: short, type: z.literal('BOOLEAN'), value: z.boolean() }),
  z.strictObject({ title: short, type: z.literal(['DATE', 'DURATION', 'NUMBER']), value: z.int().min(0) }),
  z.strictObject({ title: short, type: z.literal('PERCENTAGE'), value: z.number().min(0).max(100) }),
  z.strictObject({ title: short, type: z.literal('TEXT'), value: short }),
  z.strictObject({
    title: short,
    type: z.literal('LINK'),
    value: z.strictObject({ text: short, href: z.url() }),
  }),
]);

const report = z.strictObject({
  title: short,
  details: z.string().min(1).max(2_000),
  report_type: z.enum(['SECURITY', 'COVERAGE', 'TEST', 'BUG']),
  reporter: short.optional(),
  link: z.url({ protocol: /^https$/ }).optional(),
  logo_url: z.url().optional(),
  remote_link_enabled: z.boolean().optional(),
  result: z.enum(['PASSED', 'FAILED', 'PENDING']).optional(),
  data: z.array(item).max(10),
});

export type InsightsReport = z.output<typeof report>;

/** Reports by `<repository>/<commit>/<report id>`. */
export type InsightsReports = Map<string, InsightsReport>;

/**
 * Answers a request for Code Insights as Bitbucket does: a report is created or replaced by PUT, and refused with 400
 * when it breaks a published limit. Gives false for any other request.
 */
export async function answerInsights(
  request: IncomingMessage,
  response: ServerResponse,
  workspace: string,
  reports: InsightsReports,
): Promise<boolean> {
  const url = new URL(request.url ?? '');
  const [, owner, repository, commit, id] =
    /^\/2\.0\/repositories\/([^/]+)\/([^/]+)\/commit\/([0-9a-f]{7,40})\/reports\/([\w-]{1,450})$/.exec(
      url.pathname,
    ) ?? [];
  if (url.host !== 'api.bitbucket.org' || owner !== workspace || request.method !== 'PUT') return false;
  const body = report.safeParse(JSON.parse(await text(request)));
  const send = (status: number, value: unknown) =>
    void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  if (!body.success || request.headers['content-type'] !== 'application/json') {
    const message = body.error?.message ?? 'Unsupported media type';
    send(400, { key: 'report-service.general.bad-request', message, arguments: {} });
    return true;
  }
  reports.set(`${repository}/${commit}/${id}`, body.data);
  send(200, { ...body.data, type: 'report', external_id: id });
  return true;
}
