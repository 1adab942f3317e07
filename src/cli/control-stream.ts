/** A long answer of the control API, read event by event (server-sent events, WHATWG HTML §9.2). */

import { EventSourceParserStream } from 'eventsource-parser/stream';
import { askControl, type Control, type ControlAnswer, jsonPost } from './control-client.ts';

export type ControlEvent = { readonly name: string; readonly data: unknown };

export type StreamOptions = {
  readonly body: unknown;
  readonly onEvent: (event: ControlEvent) => void;
};

/** Posts JSON; resolves with the data of the event `summary`, or with what went wrong. */
export function streamControl(
  control: Control,
  path: string,
  { body, onEvent }: StreamOptions,
): Promise<ControlAnswer> {
  return askControl(control, path, {
    ...jsonPost(body),
    failure: 'no whole answer',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    read: async (response) => {
      let summary: unknown;
      for await (const event of eventsOf(response)) {
        if (event.name === 'summary') summary = event.data;
        else onEvent(event);
      }
      return summary;
    },
  });
}

async function* eventsOf({ body }: Response): AsyncIterable<ControlEvent> {
  const text = body?.pipeThrough(new TextDecoderStream());
  for await (const { event, data } of text?.pipeThrough(new EventSourceParserStream()) ?? [])
    if (event !== undefined) yield { name: event, data: JSON.parse(data) as unknown };
}
