/** What the lane has to know of a client's settings (RFC 9113 §6.5.2); node:http2 judges them (pure). */

import { mostWindow } from './frames.ts';

const [headerTableSize, initialWindowSize] = [1, 4];
const settingBytes = 6;
/** RFC 9113 §6.5.2: what the table may take until the client says otherwise. */
export const usualTableBytes = 4096;

export type Settings = {
  readonly streamWindow: number | undefined;
  readonly tableBytes: number;
  /**
   * RFC 7541 §4.2: the next block that is written says so at its beginning. Only node:http2 writes one that does: it keeps
   * the table.
   */
  readonly hasSmallerTable: boolean;
};

/** Reads a payload; `before`: what the table could take until now. */
export function readSettings(payload: Buffer, before: number): Settings {
  let streamWindow: number | undefined;
  let tableBytes = before;
  let hasSmallerTable = false;
  for (let at = 0; at + settingBytes <= payload.length; at += settingBytes) {
    const value = payload.readUInt32BE(at + 2);
    const id = payload.readUInt16BE(at);
    if (id === headerTableSize) {
      hasSmallerTable ||= value < tableBytes;
      tableBytes = value;
    } else if (id === initialWindowSize && value <= mostWindow) streamWindow = value;
  }
  return { streamWindow, tableBytes, hasSmallerTable };
}
