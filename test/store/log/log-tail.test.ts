/** On a real Redis: records are heard of as they are appended, from the place the reader has come to. */
import t from 'tap';
import { Redis } from 'ioredis';
import type { LogRecord } from '../../../src/store/log/log-script.ts';
import { LogTail } from '../../../src/store/log/log-tail.ts';
import { eventually } from '../../helpers/eventually.ts';
import { onRedis } from '../on-redis.ts';

/** As the log's script writes them. */
const fields = ['n', 'nonce', 'g', 'generation', 'a', '', 'b', '', 'p', 'start'];

onRedis(
  t,
  'what is appended behind the place is given, nothing from before',
  async (t, _open, { client, url }) => {
    const heard: LogRecord[] = [];
    let place = 0;
    const tail = new LogTail({
      client: new Redis(url),
      key: 'log',
      place: () => place,
      onRecords: (records) => {
        heard.push(...records);
        place += records.length;
      },
    });
    const append = (seq: number) => client.xadd('log', `${seq}-0`, ...fields);
    await append(1);
    tail.start();
    await append(2);
    t.strictSame(heard, [], 'not while the log is not known');
    place = 1;
    await eventually('the second is heard', () => heard.length === 1);
    await append(3);
    await eventually('the third is heard', () => heard.length === 2);
    t.strictSame(
      heard.map(({ seq }) => seq),
      [2, 3],
    );
    await client.set('log', 'no stream');
    await client.del('log');
    await append(4);
    await eventually('it goes on after trouble', () => heard.length === 3);
    await tail.close();
  },
);
