/** RFC 9875: groups of responses that are made stale together. */

import { type Case, fresh, inSection, type OriginAnswer } from './form.ts';
import { cached, notCached, written } from './written.ts';

const group = (index: number): string => `"${'g'.repeat(30)}${String(index).padStart(2, '0')}"`;
const groups32 = Array.from({ length: 32 }, (_, at) => group(at)).join(', ');
const ends = (value: string): OriginAnswer => ({ headers: [`Cache-Group-Invalidation: ${value}`] });

export const groupCases: readonly Case[] = [
  ...inSection('RFC 9875 §3', [
    written('group', 'a group', { target: '/x', of: '/y', response: ends('"a"') }, notCached, [
      'Cache-Groups: "a"',
    ]),
    written(
      'group-second',
      'one of several',
      { target: '/x', of: '/y', response: ends('"x", "b"') },
      notCached,
      ['Cache-Groups: "a", "b"'],
    ),
    written('group-lines', 'in several lines', { target: '/x', of: '/y', response: ends('"b"') }, notCached, [
      'Cache-Groups: "a"',
      'Cache-Groups: "b"',
    ]),
    written(
      'group-parameters',
      'with parameters',
      { target: '/x', of: '/y', response: ends('"a";x=1') },
      notCached,
      ['Cache-Groups: "a";y'],
    ),
    written(
      'group-32',
      'the last of 32 with 32 characters',
      { target: '/x', of: '/y', response: ends(group(31)) },
      notCached,
      [`Cache-Groups: ${groups32}`],
    ),
    written(
      'group-32-ended',
      '32 with 32 characters at once',
      { target: '/x', of: '/y', response: ends(groups32) },
      notCached,
      [`Cache-Groups: ${group(31)}`],
    ),
    written('group-other', 'not another', { target: '/x', of: '/y', response: ends('"b"') }, cached, [
      'Cache-Groups: "a"',
    ]),
    written(
      'group-case',
      'names are as they are spelt',
      { target: '/x', of: '/y', response: ends('"A"') },
      cached,
      ['Cache-Groups: "a"'],
    ),
    written('group-token', 'a token is no string', { target: '/x', of: '/y', response: ends('a') }, cached, [
      'Cache-Groups: "a"',
    ]),
    written(
      'group-malformed',
      'an invalid list is ignored too',
      { target: '/x', of: '/y', response: ends('"a" "b"') },
      cached,
      ['Cache-Groups: "a"'],
    ),
    written(
      'group-get',
      'not by a safe method',
      { method: 'OPTIONS', target: '/x', of: '/y', response: ends('"a"') },
      cached,
      ['Cache-Groups: "a"'],
    ),
    written(
      'group-failed',
      'not by a write that failed',
      { target: '/x', of: '/y', response: { status: 500, ...ends('"a"') } },
      cached,
      ['Cache-Groups: "a"'],
    ),
    {
      id: 'group-other-origin',
      title: 'not of another origin',
      requests: [
        {
          target: '/y',
          headers: ['Host: one.example'],
          response: fresh('Cache-Groups: "a"'),
          expect: notCached,
        },
        {
          method: 'POST',
          target: '/x',
          headers: ['Host: two.example'],
          body: 'a',
          response: ends('"a"'),
          expect: notCached,
        },
        { target: '/y', headers: ['Host: one.example'], expect: cached },
      ],
    },
    {
      id: 'group-no-cascade',
      title: 'a response made stale makes no other stale',
      requests: [
        { target: '/y', response: fresh('Cache-Groups: "a", "b"'), expect: notCached },
        { target: '/z', response: fresh('Cache-Groups: "b"'), expect: notCached },
        { method: 'POST', target: '/x', body: 'a', response: ends('"a"'), expect: notCached },
        { target: '/z', response: fresh(), expect: { type: 'cached', of: 2 } },
        { target: '/y', response: fresh(), expect: notCached },
      ],
    },
    {
      id: 'group-get-response',
      title: 'the field on a GET ends nothing',
      requests: [
        { target: '/y', response: fresh('Cache-Groups: "a"'), expect: notCached },
        { target: '/x', response: ends('"a"'), expect: notCached },
        { target: '/y', expect: cached },
      ],
    },
  ]),
];
