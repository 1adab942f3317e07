/**
 * A cache made of nothing but the pure rules, to run the case tables without sockets, clock or store.
 */
import { isOriginError } from '../../src/origin/trouble.ts';
import { effectiveDirectives, parseRequestDirectives } from '../../src/http/cache-control.ts';
import { endToEndFields } from '../../src/http/fields.ts';
import { freshnessLifetime } from '../../src/http/freshness.ts';
import { cacheGroups, invalidatedGroups } from '../../src/http/groups.ts';
import { formatHttpDate } from '../../src/http/http-date.ts';
import { invalidationTargets } from '../../src/http/invalidation.ts';
import type { Fields, RequestHead, ResponseHead } from '../../src/http/message.ts';
import { planRanges, singlePartFields, unsatisfiedRangeValue } from '../../src/http/ranges.ts';
import { mayServeOnError, reuse, storedPolicy, type StoredPolicy } from '../../src/http/reuse.ts';
import { fieldsToStore, storable } from '../../src/http/storable.ts';
import {
  conditionalFields,
  evaluateConditional,
  freshen,
  headFreshens,
  notModifiedFields,
  selects304,
} from '../../src/http/validators.ts';
import { matchesVariant, selectedVariant, type SelectedVariant } from '../../src/http/vary.ts';
import { after, epochMs, seconds, type EpochMs } from '../../src/kit/time.ts';
import type { AnswerType, Case, OriginAnswer, Step } from './cases/form.ts';
import { fieldsOf, fillIn, type Scene } from './fields-of.ts';

/** What one step led to. `of` is the number of the step whose origin response was delivered. */
export type Observed = {
  readonly type: AnswerType;
  readonly of: number | undefined;
  readonly status: number;
  readonly fields: Fields;
  /** The fields of the request sent to the origin, if one was. */
  readonly forwarded: Fields | undefined;
};

type Stored = {
  readonly step: number;
  readonly status: number;
  readonly fields: Fields;
  readonly body: string;
  readonly variant: SelectedVariant;
  readonly policy: StoredPolicy;
};

type Received = ResponseHead & {
  readonly body: string;
  readonly requestTime: EpochMs;
  readonly responseTime: EpochMs;
};

const start = epochMs(Date.UTC(2025, 0, 15, 12));
const host = 'www.example.org';

/** Every case begins in it. */
export const scene: Scene = { now: start, start, path: '', host, step: 1 };

/** Runs the case and tells what each step led to. */
export const simulate = (one: Case): Observed[] => {
  const store = new Map<string, Stored[]>();
  let answer: OriginAnswer = {};
  let elapsed = 0;
  return one.requests.map((step, at) => {
    answer = step.response ?? answer;
    elapsed = step.at ?? elapsed + (step.pause ?? 0);
    const here = { ...scene, now: after(start, seconds(elapsed)), step: at + 1 };
    const observed = new Exchange(store, { step, scene: here, answer }).run();
    if (observed.forwarded !== undefined) elapsed += answer.delay ?? 0;
    return observed;
  });
};

class Exchange {
  readonly #store: Map<string, Stored[]>;
  readonly #scene: Scene;
  readonly #answer: OriginAnswer;
  readonly #request: RequestHead;

  constructor(
    store: Map<string, Stored[]>,
    { step, scene, answer }: { step: Step; scene: Scene; answer: OriginAnswer },
  ) {
    this.#store = store;
    this.#scene = scene;
    this.#answer = answer;
    const { method = 'GET', target = '/', headers = [] } = step;
    this.#request = { method, target, fields: fieldsOf(headers, scene) };
  }

  get #now(): EpochMs {
    return this.#scene.now;
  }

  run(): Observed {
    const { method, fields, target } = this.#request;
    if (method !== 'GET' && method !== 'HEAD') return this.#forward(fields);
    const found = this.#variants(target).find((stored) => matchesVariant(stored.variant, fields));
    const directives = parseRequestDirectives(fields);
    if (found === undefined) {
      return directives.onlyIfCached ? ours(504) : this.#forward(fields);
    }
    const decision = reuse(found.policy, directives, this.#now);
    if (decision.kind === 'must-not-forward') return ours(504);
    if (decision.kind === 'validate') return this.#validate(found);
    return this.#deliver(found, decision.age);
  }

  #variants(target: string): Stored[] {
    return this.#store.get(target) ?? [];
  }

  #deliver(found: Stored, age: number): Observed {
    const { method, fields: requestFields } = this.#request;
    const { policy, status, fields: storedFields, step, body } = found;
    const { responseTime } = policy;
    const answer = evaluateConditional({
      method,
      requestFields,
      storedStatus: status,
      storedFields,
      responseTime,
    });
    if (answer === 'forward') return this.#forward(requestFields);
    const common = { type: 'cached', of: step, forwarded: undefined } as const;
    const { length } = body;
    const ageField = ['Age', String(Math.floor(age))];
    if (answer === 'not-modified') {
      return { ...common, status: 304, fields: [...notModifiedFields(storedFields), ...ageField] };
    }
    const plan = planRanges({
      method,
      requestFields,
      storedStatus: status,
      storedFields,
      length,
    });
    if (plan.kind === 'unsatisfiable') {
      return { ...common, status: 416, fields: ['Content-Range', unsatisfiedRangeValue(length)] };
    }
    if (plan.kind === 'single') {
      return {
        ...common,
        status: 206,
        fields: [...singlePartFields(storedFields, plan.range, length), ...ageField],
      };
    }
    return {
      ...common,
      status: plan.kind === 'several' ? 206 : status,
      fields: [...storedFields, ...ageField],
    };
  }

  #ask(): Received | undefined {
    const { breaks, status = 200, headers = [], date, delay = 0, body = 'step {step}' } = this.#answer;
    if (breaks !== undefined) return undefined;
    const responseTime = after(this.#now, seconds(delay));
    const scene = { ...this.#scene, now: responseTime };
    const fields = fieldsOf(headers, scene);
    const hasDate = fields.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'date');
    if (!hasDate && date !== false) fields.push('Date', formatHttpDate(responseTime));
    return { status, fields, body: fillIn(body, scene), requestTime: this.#now, responseTime };
  }

  #forward(forwarded: Fields): Observed {
    const received = this.#ask();
    if (received === undefined) return { ...ours(502), forwarded };
    this.#learn(received);
    return {
      type: 'not_cached',
      of: this.#scene.step,
      status: received.status,
      fields: endToEndFields(received.fields),
      forwarded,
    };
  }

  #validate(found: Stored): Observed {
    const forwarded = [...this.#request.fields, ...conditionalFields(found.fields)];
    const received = this.#ask();
    const failed = received === undefined || isOriginError(received.status);
    if (failed) {
      const trouble = received === undefined ? 'disconnected' : 'error';
      const serve = mayServeOnError(found.policy, parseRequestDirectives(this.#request.fields), {
        now: this.#now,
        trouble,
      });
      if (serve.kind === 'serve') return { ...this.#deliver(found, serve.age), type: 'stale', forwarded };
    }
    if (received?.status !== 304) return this.#forward(forwarded);
    if (!selects304(found.fields, received.fields)) return this.#forward(this.#request.fields);
    const fields = freshen(found.fields, received.fields, received.responseTime);
    this.#replace(
      found,
      this.#toStore({ ...received, status: found.status, fields, body: found.body }, found.step),
    );
    return { type: 'validated', of: found.step, status: found.status, fields, forwarded };
  }

  #learn(received: Received): void {
    const { method, target } = this.#request;
    const exchange = { method, status: received.status, fields: received.fields };
    for (const stale of invalidationTargets({ ...exchange, target, scheme: 'http', host }))
      this.#store.delete(stale);
    const groups = new Set(invalidatedGroups(exchange));
    for (const [key, variants] of this.#store) {
      this.#store.set(
        key,
        variants.filter(({ fields }) => {
          const own = cacheGroups(fields);
          return own !== 'too-many' && !own.some((group) => groups.has(group));
        }),
      );
    }
    if (method === 'HEAD') this.#learnFromHead(received);
    const stored = this.#toStore(received, this.#scene.step);
    if (stored === undefined) return;
    const others = this.#variants(target).filter(
      ({ variant }) => !matchesVariant(variant, this.#request.fields),
    );
    this.#store.set(target, [stored, ...others]);
  }

  #learnFromHead(head: Received): void {
    for (const found of this.#variants(this.#request.target)) {
      if (!matchesVariant(found.variant, this.#request.fields)) continue;
      const verdict = headFreshens({ fields: found.fields, contentLength: found.body.length }, head);
      if (verdict === 'ignore') continue;
      const fields = freshen(found.fields, head.fields, head.responseTime);
      const updated =
        verdict === 'freshen'
          ? this.#toStore({ ...head, fields, body: found.body }, found.step, 'GET')
          : undefined;
      this.#replace(found, updated);
    }
  }

  #toStore(received: Received, step: number, method = this.#request.method): Stored | undefined {
    const { status, fields, responseTime, body } = received;
    const directives = effectiveDirectives(fields);
    const requestDirectives = parseRequestDirectives(this.#request.fields);
    const freshness = freshnessLifetime({ status, fields }, { directives, responseTime });
    const request = { ...this.#request, method };
    const decision = storable({ request, response: received, requestDirectives, directives, freshness });
    const variant = selectedVariant(this.#request.fields, fields);
    if (decision.kind === 'no' || variant === undefined) return undefined;
    const kept = fieldsToStore(fields, directives);
    const policy = storedPolicy({ ...received, directives, lifetime: freshness.lifetime });
    return { step, status, fields: kept, body, variant, policy };
  }

  #replace(found: Stored, updated: Stored | undefined): void {
    const others = this.#variants(this.#request.target).filter((stored) => stored !== found);
    this.#store.set(this.#request.target, updated === undefined ? others : [updated, ...others]);
  }
}

const ours = (status: number): Observed => ({
  type: 'error',
  of: undefined,
  status,
  fields: [],
  forwarded: undefined,
});
