import t from 'tap';
import { isStream } from '../../src/http/stream-type.ts';

t.test('streams are recognised by their type, whatever its case and parameters', (t) => {
  for (const type of [
    'text/event-stream',
    'Text/Event-Stream; charset=utf-8',
    'application/x-ndjson',
    'multipart/x-mixed-replace;boundary=a',
  ])
    t.ok(isStream(['Content-Type', type]), type);
  for (const type of ['text/html', 'text/event-streams', 'application/json', ''])
    t.notOk(isStream(['Content-Type', type]), type);
  t.notOk(isStream([]));
  t.end();
});
