/** A plain connection to the origin, without the bytes that `HeadFilter` removes. */

import { Socket } from 'node:net';
import { HeadFilter } from './head-filter.ts';

/** A connection that filters what it reads itself: a stream around it, as TLS needs, costs as much as reading does. */
export class FilteredSocket extends Socket {
  readonly heads = new HeadFilter();

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (chunk === null) {
      const held = this.heads.flush();
      if (held.length > 0) super.push(held);
      return super.push(null);
    }
    const bytes = this.heads.take(chunk);
    return bytes.length === 0 || super.push(bytes, encoding);
  }
}
