/**
 * Metrics, reports and alerts for scrapers, scripts and the dashboard (CONTRACT §3): paths, parameters and formats. The
 * answers come from the watch room.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { type EpochMs, epochMs } from '../kit/time.ts';
import type { ReportFormat } from '../watch/report/report-desk.ts';
import type { Answers } from '../watch/show/answers.ts';
import type { RegisterRoutes } from './api.ts';
import { sendProblem } from './problem-answer.ts';
import { readQuery } from './query.ts';

const spans: ReadonlyMap<string, number> = new Map([
  ['10m', 600],
  ['1h', 3600],
  ['24h', 86_400],
]);

const contentTypes: Readonly<Record<ReportFormat, string>> = {
  json: 'application/json; charset=utf-8',
  text: 'text/plain; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

/** The read-only routes. */
export function watchRoutes(answers: Answers): RegisterRoutes {
  return (app) => {
    app.get('/metrics', async (_request, reply) => {
      const { text, contentType } = await answers.metrics();
      return reply.type(contentType).send(text);
    });
    app.get('/api/cache/metrics', () => answers.summary());
    app.get('/api/cache/misses', () => answers.misses());
    app.get('/api/cache/hot', () => answers.hot());
    app.get('/api/cache/alerts', () => answers.alerts());
    app.get('/api/cache/overview', async (request, reply) => {
      const query = readQuery(request, { one: ['span'], required: [] });
      if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
      const span = spans.get(query.values.get('span')?.[0] ?? '10m');
      if (span === undefined) return refuse(reply, 'span', [...spans.keys()]);
      return reply.send(await answers.overview(span));
    });
    app.get('/api/cache/hours', (request, reply) => sendHours(answers, request, reply));
    app.get('/api/cache/report', (request, reply) => sendReport(answers, request, reply));
  };
}

const mostDays = 35;

async function sendHours(
  answers: Answers,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = readQuery(request, { one: ['from', 'to'], required: ['from', 'to'] });
  if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
  const [from, to] = ['from', 'to'].map((name) => instantOf(query.values.get(name)?.[0] ?? ''));
  const isSpan = from !== undefined && to !== undefined && to > from && to - from <= mostDays * 86_400_000;
  if (isSpan) return reply.send(await answers.hours(from, to));
  const detail = `from and to must be instants such as 2026-01-31T00:00:00Z, at most ${mostDays} days apart`;
  return sendProblem(reply, { status: 400, detail });
}

function instantOf(text: string): EpochMs | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : epochMs(at);
}

const refuse = (reply: FastifyReply, name: string, words: readonly string[]): FastifyReply =>
  sendProblem(reply, { status: 400, detail: `${name} must be one of ${words.join(', ')}` });

async function sendReport(
  answers: Answers,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = readQuery(request, { one: ['period', 'format'], required: [] });
  if (query.kind === 'bad') return sendProblem(reply, { status: 400, detail: query.detail });
  const period = query.values.get('period')?.[0] ?? 'week';
  const format = query.values.get('format')?.[0] ?? 'json';
  if (period !== 'day' && period !== 'week') return refuse(reply, 'period', ['day', 'week']);
  if (!isFormat(format)) return refuse(reply, 'format', Object.keys(contentTypes));
  // The page is inline SVG and style; nothing else may run or load.
  if (format === 'html') void reply.header('Content-Security-Policy', reportPolicy);
  return reply.type(contentTypes[format]).send(await answers.report(period, format));
}

const isFormat = (text: string): text is ReportFormat => Object.hasOwn(contentTypes, text);

const reportPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
