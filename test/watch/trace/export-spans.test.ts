/** 19.3: when spans are sent to a collector, and how many may wait for it. */
import t from 'tap';
import { epochMs, seconds } from '../../../src/kit/time.ts';
import { Trace } from '../../../src/proxy/exchange/trace.ts';
import { openSpanExport, type SpanExport } from '../../../src/watch/trace/export-spans.ts';
import { eventually } from '../../helpers/eventually.ts';
import { barrier } from '../../helpers/scripted-site.ts';
import { startReceiver } from '../../helpers/span-receiver.ts';
import { outcomeBut } from '../outcome-but.ts';

const hit = outcomeBut({ kind: 'hit', miss: undefined, originDuration: undefined });

/** Each has two spans. */
function tell({ onTraced }: SpanExport, exchanges: number): void {
  for (let count = 0; count < exchanges; count += 1) onTraced(new Trace(undefined, true), hit, epochMs(1000));
}

const open = (endpoint: string): SpanExport =>
  openSpanExport({ endpoint, sample: 1, perSecond: 1e6, service: 'shop' });

t.test('spans are sent within a second, without a stop', async (t) => {
  const receiver = await startReceiver(t);
  const spans = open(receiver.url);
  tell(spans, 3);
  await receiver.received(1);
  t.strictSame(receiver.batches, [6]);
  await spans.close();
  t.strictSame(receiver.batches, [6], 'nothing is sent twice, and nothing empty');
});

t.test('256 exchanges are sent at once, and a stop sends the rest', async (t) => {
  const receiver = await startReceiver(t);
  const spans = open(receiver.url);
  tell(spans, 300);
  await Promise.all([spans.close(), receiver.received(2)]);
  t.strictSame(receiver.batches.toSorted(), [512, 88]);
});

t.test(
  'a collector that is slow to answer has four batches; further ones are lost, later ones are not',
  async (t) => {
    const { reached: answered, arrive: answer } = barrier();
    const receiver = await startReceiver(t, answered);
    const spans = open(receiver.url);
    tell(spans, 256 * 6);
    await receiver.received(4);
    answer();
    await eventually('a further batch', () => {
      tell(spans, 256);
      return receiver.batches.length > 4;
    });
    await spans.close();
    t.strictSame(receiver.batches.slice(0, 4), [512, 512, 512, 512]);
  },
);

t.test('spans that cannot be encoded are lost with their batch, and nothing else', async (t) => {
  const receiver = await startReceiver(t);
  const spans = open(receiver.url);
  const odd = { ...hit, duration: seconds(NaN) };
  for (let count = 0; count < 256; count += 1) spans.onTraced(new Trace(undefined, true), odd, epochMs(1000));
  tell(spans, 256);
  await receiver.received(1);
  await spans.close();
  t.strictSame(receiver.batches, [512]);
});
