/**
 * Examples kept beside the rules (`*.test.yaml`), in their checked form: an exchange, and what the rules must make of it.
 */

import type { EpochMs, Seconds } from '../../kit/time.ts';
import type { Environment } from '../reader/environment.ts';

/** A request in an example: `GET /files as dana`. `as` is a name of `people`; absent: nobody. */
export type ExampleRequest = {
  readonly method: string;
  readonly url: string;
  readonly as: string | undefined;
};

type Pairs = readonly (readonly [name: string, value: string])[];

/** Someone who asks. `session` is the payload of a Flask session, to be signed. */
export type Person = {
  readonly session: Readonly<Record<string, unknown>> | undefined;
  readonly cookies: Pairs;
  readonly fields: Pairs;
};

/** What the origin answers. `session`: `renewed`, `emptied`, or the person it belongs to from now on. */
export type ExampleAnswer = {
  readonly status: number;
  readonly fields: Pairs;
  readonly body: string | undefined;
  /** A body of so many bytes, in place of `body`. */
  readonly size: number | undefined;
  readonly session: string | undefined;
};

/** What is expected; what is absent is not looked at. */
export type Expectation = {
  /** The pattern of the route, as `GET /files/:id`; likewise of the write rule. */
  readonly route: string | undefined;
  readonly write: string | undefined;
  readonly type: string | undefined;
  readonly scope: string | undefined;
  /** Why it is passed; `false`: it is not. */
  readonly pass: string | false | undefined;
  /** Whether it is stored, or the reason why not. */
  readonly stored: string | boolean | undefined;
  readonly ttl: Seconds | undefined;
  /** All of these, among others. */
  readonly tags: readonly string[] | undefined;
  /** Target the origin is asked for. */
  readonly sent: string | undefined;
  /** Requests that are answered with the same copy, and that are not. */
  readonly sameCopy: readonly ExampleRequest[];
  readonly otherCopy: readonly ExampleRequest[];
  /** Requests whose stored copies the exchange ends, and does not end. */
  readonly ends: readonly ExampleRequest[];
  readonly keeps: readonly ExampleRequest[];
};

/** One example of one request: several in the file are as many examples. */
export type Example = {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly request: ExampleRequest;
  readonly cookies: Pairs;
  readonly fields: Pairs;
  readonly answer: ExampleAnswer;
  readonly at: EpochMs;
  /** Whether its key counts as asked for often. */
  readonly popular: boolean;
  readonly expect: Expectation;
};

export type ExampleFile = {
  /** The configuration, relative to the file; absent: the file's own name without `.test`. */
  readonly config: string | undefined;
  /** Stands in for the environment when that is read. */
  readonly env: Environment;
  readonly host: string;
  readonly people: ReadonlyMap<string, Person>;
  /** What is stored of the requests that an example ends or keeps. */
  readonly usual: ExampleAnswer;
  readonly examples: readonly Example[];
};
