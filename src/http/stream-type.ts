/** Recognises responses that are streams by type: their chunks matter at once, and their body may never end. */

import { combinedValue } from './fields.ts';
import type { Fields } from './message.ts';

const streamTypes: ReadonlySet<string> = new Set([
  'text/event-stream',
  'multipart/x-mixed-replace',
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
  'application/stream+json',
  'application/json-seq',
  'application/geo+json-seq',
]);

/** Whether a response with these fields is a stream. */
export function isStream(fields: Fields): boolean {
  const [type = ''] = (combinedValue(fields, 'content-type') ?? '').split(';', 1);
  return streamTypes.has(type.trim().toLowerCase());
}
