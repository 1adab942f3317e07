/** A long answer of the control API, read event by event (server-sent events, WHATWG HTML §9.2). */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ControlAnswer } from './control-client.ts';

export type ControlEvent = { readonly name: string; readonly data: unknown };

export type StreamOptions = {
  readonly body: unknown;
  readonly onEvent: (event: ControlEvent) => void;
};

/** Posts JSON with the token from SHELFLIFE_TOKEN; resolves with the data of the event `summary`, or with what went wrong. */
export async function streamControl(
  control: string,
  path: string,
  { body, onEvent }: StreamOptions,
): Promise<ControlAnswer> {
  const token = process.env['SHELFLIFE_TOKEN'];
  if (token === undefined || token === '')
    return { kind: 'unreachable', message: 'set SHELFLIFE_TOKEN to the token of the control API' };
  const url = URL.parse(path, control);
  if (url === null || !/^https?:$/.test(url.protocol))
    return { kind: 'unreachable', message: `--control ${control} is no http:// or https:// URL` };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) return { kind: 'refused', message: `${response.status}: ${await detailOf(response)}` };
    let summary: unknown;
    for await (const event of eventsOf(response)) {
      if (event.name === 'summary') summary = event.data;
      else onEvent(event);
    }
    return { kind: 'ok', body: summary };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(error);
    return { kind: 'unreachable', message: `no whole answer from ${url.origin}: ${why}` };
  }
}

async function detailOf(response: Response): Promise<string> {
  const answer: unknown = await response.json().catch(() => undefined);
  const hasDetail = typeof answer === 'object' && answer !== null && 'detail' in answer;
  return hasDetail ? String(answer.detail) : 'this is not the answer of a control API';
}

async function* eventsOf({ body }: Response): AsyncIterable<ControlEvent> {
  const text = body?.pipeThrough(new TextDecoderStream());
  for await (const { event, data } of text?.pipeThrough(new EventSourceParserStream()) ?? [])
    if (event !== undefined) yield { name: event, data: JSON.parse(data) as unknown };
}
