import t from 'tap';
import { HeldHead, type SentHead } from '../../../src/proxy/hit/held-head.ts';
import { runAfter } from '../../../src/kit/time.ts';
import { eventually } from '../../helpers/eventually.ts';

const headOf = (...fields: string[]): SentHead => ({ status: 200, fields, reasonPhrase: 'Fine' });

function holding(): { readonly held: HeldHead; readonly sent: string[] } {
  const sent: string[] = [];
  const held = new HeldHead(
    {
      head: (status, _fields, reasonPhrase) => void sent.push(`${status} ${reasonPhrase ?? ''}`),
      write: (chunk) => {
        sent.push(`${chunk.length} bytes`);
        return true;
      },
    },
    runAfter,
  );
  return { held, sent };
}

t.test('a head is held until it is released, and sent once', async (t) => {
  const { held, sent } = holding();
  t.equal(held.isHeld, false);
  held.hold(headOf());
  t.strictSame([held.isHeld, sent], [true, []]);
  held.release();
  held.release();
  t.strictSame([held.isHeld, sent], [false, ['200 Fine']]);
});

t.test('a dropped head is not sent, not even after its time', async (t) => {
  const dropped = holding();
  dropped.held.hold(headOf());
  dropped.held.drop();
  dropped.held.release();
  const waiting = holding();
  const since = performance.now();
  waiting.held.hold(headOf());
  await eventually('it is sent by itself', () => waiting.sent.length > 0);
  t.ok(performance.now() - since > 500);
  t.strictSame(waiting.sent, ['200 Fine', '0 bytes']);
  t.strictSame(dropped.sent, []);
});

t.test('the head of a stream is sent at once', async (t) => {
  const { held, sent } = holding();
  held.hold(headOf('Content-Type', 'text/event-stream'));
  t.strictSame([held.isHeld, sent], [false, ['200 Fine', '0 bytes']]);
});
