/**
 * The round trip by which an instance keeps up with the shared log: it appends purges, reads new records and renews its
 * lease. The script runs on the node that holds the log, so it is atomic.
 *
 * The log is a stream with ids `1-0`, `2-0`, …, so gaps are visible. Each record has
 *   n  a nonce: the same place with another nonce is another history
 *   g  the generation: entries filled under another one are not current
 *   r  the run id of the server that began it: a restart or failover may have lost purges, and begins a new generation
 *   t  the time, in milliseconds of the server's clock
 *   p  the payload (log-record.ts)
 *
 * For each instance, `{seq} {until} {own} {at}`: what it has read, when its lease ends, its own last purge and the place of
 * that purge. A purge sent again after a late answer must not remove what was fetched since.
 *
 * The prefix has an owner (redis/owner.ts): `{until} {owner}`, renewed with each round trip. Until then other installations
 * get no data and nothing is written for them. After that the next one takes over and begins a new generation.
 *
 * The script writes a few hundred bytes, and may do so when memory is full (`allow-oom`): a lost purge would be worse.
 */

import { hash } from 'node:crypto';
import { ownedForMs, type Refusal } from '../redis/owner.ts';
import { startPayload } from './log-record.ts';

/** KEYS: log, instances, owner. ARGV: see `syncArguments`. */
export const syncScript = `#!lua flags=allow-oom
local log, instances, owner = KEYS[1], KEYS[2], KEYS[3]
local id, lease, place, nonce, fresh = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
local keep, most, page, known = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
local ours, owned_for = ARGV[10], tonumber(ARGV[11])
local appended, forget = 12, 600000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local function seq_of(record) return tonumber(string.match(record[1], '^%d+')) end

-- What another hand has put in the place of the log or of its instances is as good as missing.
local function found(...)
  local reply = redis.pcall(...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, '^WRONGTYPE') then error(reply) end
end

local till, whose = string.match(found('HGET', owner, 'owner') or '', '^(%d+) (.+)$')
if whose and whose ~= ours and tonumber(till) > now then return { 'refused', whose, tonumber(till) - now } end

local newest = (found('XREVRANGE', log, '+', '-', 'COUNT', 1) or {})[1]
local seq, generation = 0, nil
if newest then
  seq = seq_of(newest)
  if newest[2][6] == run then generation = newest[2][4] end
end
-- The log we know, but without what we have read of it, or with something else there: an older copy.
if place > 0 and generation and generation == known then
  local at = redis.call('XRANGE', log, string.format('%.0f-0', place), '+', 'COUNT', 1)[1]
  if not at or (seq_of(at) == place and at[2][2] ~= nonce) then generation = nil end
end
-- Another's log, or nobody knows whose: only if we have read of it, it is ours.
local is_known = not whose and place > 0 and generation == known
if whose ~= ours and not is_known then generation = nil end
if not whose then redis.call('DEL', owner) end
redis.call('HSET', owner, 'owner', string.format('%.0f ', now + owned_for) .. ours)
redis.call('PEXPIRE', owner, keep * 2)
local function add(mark, payload)
  seq = seq + 1
  redis.call('XADD', log, string.format('%.0f-0', seq), 'n', mark, 'g', generation, 'r', run, 't', now, 'p', payload)
end
-- Without its instances nobody would wait for those that still trust what they have.
if generation and found('HGET', instances, '') ~= generation then generation = nil end
if not generation then
  redis.call('DEL', log, instances)
  generation = fresh
  add(fresh, '${startPayload}')
end
-- What is given again: up to the last of them, if that is where it was put.
local marked, place_of_mark = string.match(redis.call('HGET', instances, id) or '', '^%d+ %d+ (%d+) (%d+)')
local given = 0
for at = appended, #ARGV, 3 do
  if ARGV[at] == marked then
    local there = redis.call('XRANGE', log, place_of_mark .. '-0', place_of_mark .. '-0')[1]
    if there and there[2][2] == ARGV[at + 1] then given = tonumber(marked) end
  end
end
for at = appended, #ARGV, 3 do
  if tonumber(ARGV[at]) > given then
    add(ARGV[at + 1], ARGV[at + 2])
    marked, place_of_mark = ARGV[at], string.format('%.0f', seq)
  end
end

if #ARGV >= appended then
  if redis.call('XLEN', log) > most then redis.call('XTRIM', log, 'MAXLEN', most) end
  local cut
  for _, record in ipairs(redis.call('XRANGE', log, '-', '+', 'COUNT', 16)) do
    cut = record[1]
    if tonumber(record[2][8]) >= now - keep then break end
  end
  redis.call('XTRIM', log, 'MINID', cut)
end
redis.call('PEXPIRE', log, keep * 2)

local records, continued = {}, 0
if place > 0 then
  records = redis.call('XRANGE', log, string.format('%.0f-0', place), '+', 'COUNT', page + 1)
  local first = records[1]
  if known == generation and first and seq_of(first) == place and first[2][2] == nonce then continued = 1 end
end
if continued == 0 then records = redis.call('XRANGE', log, '-', '+', 'COUNT', page) end
local oldest = seq_of(redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1])

local reads = string.format('%.0f %.0f', continued == 1 and place or 0, now + lease)
if marked then reads = reads .. ' ' .. marked .. ' ' .. place_of_mark end
redis.call('HSET', instances, id, reads)
redis.call('HSET', instances, '', generation)
redis.call('PEXPIRE', instances, keep * 2)
local live = {}
local all = redis.call('HGETALL', instances)
for at = 1, #all, 2 do
  local read, ends = string.match(all[at + 1], '(%d+) (%d+)')
  if ends and tonumber(ends) > now then
    live[#live + 1] = all[at]
    live[#live + 1] = tonumber(read)
  elseif all[at] ~= '' and not (ends and tonumber(ends) > now - forget) then
    redis.call('HDEL', instances, all[at])
  end
end
return { generation, oldest, seq, continued, records, live }
`;

export const syncScriptSha = hash('sha1', syncScript);

/** A place in the log: the last record read. `seq` 0: none. */
export type Place = { readonly seq: number; readonly nonce: string; readonly generation: string };

/** A record to append. `own` numbers this instance's records. */
export type NewRecord = { readonly own: number; readonly nonce: string; readonly payload: string };

export type LogRecord = Place & { readonly payload: string };

export type SyncRequest = {
  readonly instance: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly place: Place;
  /** The name of a new generation, if one must begin. */
  readonly freshNonce: string;
  readonly keepMs: number;
  readonly keepCount: number;
  readonly records: readonly NewRecord[];
};

export type SyncReply = {
  readonly kind: 'read';
  readonly generation: string;
  readonly oldest: number;
  readonly newest: number;
  /** Whether the records follow the given place; if not, they start at the log's oldest. */
  readonly isContinued: boolean;
  readonly records: readonly LogRecord[];
  readonly instances: readonly { readonly id: string; readonly seq: number }[];
};

const page = 500;

/** The script's arguments. */
export function syncArguments(request: SyncRequest): (string | number)[] {
  const { instance, owner, leaseMs, place, freshNonce, keepMs, keepCount, records } = request;
  const head = [
    instance,
    leaseMs,
    place.seq,
    place.nonce,
    freshNonce,
    keepMs,
    keepCount,
    page,
    place.generation,
    owner,
    ownedForMs,
  ];
  return [...head, ...records.flatMap(({ own, nonce, payload }) => [own, nonce, payload])];
}

/** Parses the script's reply. Throws if it is malformed. */
export function readSyncReply(reply: unknown): SyncReply | Refusal {
  const [kind, by, freeInMs] = list(reply);
  if (kind === 'refused') return { kind, by: text(by), freeInMs: number(freeInMs) };
  const [generation, oldest, newest, continued, records, live] = list(reply);
  const flat = list(live);
  const instances = [];
  for (let at = 0; at < flat.length; at += 2)
    instances.push({ id: text(flat[at]), seq: number(flat[at + 1]) });
  return {
    kind: 'read',
    generation: text(generation),
    oldest: number(oldest),
    newest: number(newest),
    isContinued: continued === 1,
    records: list(records).map(readRecord),
    instances,
  };
}

/** Parses a record from XRANGE or XREAD. Throws if it is malformed. */
export function readRecord(record: unknown): LogRecord {
  const [id, fields] = list(record);
  const [, nonce, , generation, , , , , , payload] = list(fields);
  const seq = Number(text(id).split('-', 1)[0]);
  return { seq, nonce: text(nonce), generation: text(generation), payload: text(payload) };
}

function unexpected(): never {
  throw new TypeError('not a reply of the log');
}
const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? (value as unknown[]) : unexpected();
const text = (value: unknown): string => (typeof value === 'string' ? value : unexpected());
const number = (value: unknown): number => (typeof value === 'number' ? value : unexpected());
