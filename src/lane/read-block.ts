/** Reads the fields of a request: the same bytes as before on the connection, or elsewhere, are not read again. */

import { readFieldBlock } from './field-block.ts';
import type { Asker } from './shared.ts';

const blankLine = Buffer.from('\r\n\r\n');

/** Finds the fields from `from` on: where they end. They are the asker's `known` then. */
export function readBlock(asker: Asker, bytes: Buffer, from: number): number | 'incomplete' | 'odd' {
  const { known } = asker;
  if (known?.isKept === true) {
    const same = from + known.bytes.length;
    if (same <= bytes.length && known.isAt(bytes, from, same)) return same;
  }
  // Mostly nothing has come behind it. The bytes of a block that was read have no other end.
  const whole = asker.remembered.find(bytes, from, bytes.length);
  if (whole !== undefined) {
    asker.known = whole;
    return bytes.length;
  }
  const blank = bytes.indexOf(blankLine, from);
  if (blank === -1) {
    const soFar = readFieldBlock(bytes.toString('latin1', from));
    return soFar.kind === 'odd' ? 'odd' : 'incomplete';
  }
  const end = blank + blankLine.length;
  asker.known = asker.remembered.blockOf(bytes.subarray(from, end));
  return asker.known === undefined ? 'odd' : end;
}
