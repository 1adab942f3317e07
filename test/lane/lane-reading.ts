/** How the lane reads bytes, and whether node:http agrees. */

import { type FieldBlock, readFieldBlock } from '../../src/lane/field-block.ts';
import { RequestLine } from '../../src/lane/request-line.ts';
import type { NodeReader, Reading } from './node-reading.ts';

export type Plain = Reading & {
  readonly kind: 'plain';
  readonly block: Extract<FieldBlock, { kind: 'plain' }>;
};

/** Reads one head as `LaneConnection` does. */
export function readPlain(bytes: Buffer): Plain | { readonly kind: 'odd' | 'incomplete' } {
  const line = new RequestLine();
  const scanned = line.scan(bytes, 0);
  if (scanned !== 'line') return { kind: scanned };
  const end = bytes.indexOf('\r\n\r\n', line.end - 2);
  // The blank line may follow at once: then there are no fields.
  const text = bytes.toString('latin1', line.end, end === -1 ? undefined : Math.max(end, line.end) + 4);
  const block = readFieldBlock(text);
  if (block.kind !== 'plain') return block;
  const target = bytes.toString('latin1', line.targetStart, line.targetEnd);
  return { kind: 'plain', method: line.method, target, fields: block.fields, block };
}

const sentinel = 'GET /sentinel HTTP/1.1\r\nHost: s\r\n\r\n';

/** What node:http reads differently in a head that the lane takes; `undefined`: nothing. */
export async function shows(head: string, node: NodeReader): Promise<unknown> {
  const plain = readPlain(Buffer.from(head, 'latin1'));
  if (plain.kind !== 'plain') return undefined;
  const { method, target, fields, block } = plain;
  const length = block.contentLength ?? 0;
  const own = head.slice(0, head.indexOf('\r\n\r\n') + 4);
  const [first, second, ...others] = await node.read(
    Buffer.from(own + 'x'.repeat(length) + sentinel, 'latin1'),
  );
  const isSame = JSON.stringify(first) === JSON.stringify({ method, target, fields });
  // Behind `close` nothing more is read.
  const endsAlike = block.closes || (second?.target === '/sentinel' && others.length === 0);
  return isSame && endsAlike
    ? undefined
    : { head, lane: { method, target, fields }, node: first, then: second };
}
