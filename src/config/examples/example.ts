/** The checked form of examples kept beside the rules (`*.test.yaml`): an exchange and the expected decisions. */

import type { EpochMs, Seconds } from '../../kit/time.ts';
import type { Environment } from '../reader/environment.ts';

/** A request in an example: `GET /files as dana`. `as` is a name from `people`; absent: no identity. */
export type ExampleRequest = {
  readonly method: string;
  readonly url: string;
  readonly as: string | undefined;
};

type Pairs = readonly (readonly [name: string, value: string])[];

/** `session` is the payload of a Flask session, to be signed. */
export type Person = {
  readonly session: Readonly<Record<string, unknown>> | undefined;
  readonly cookies: Pairs;
  readonly fields: Pairs;
};

/** A request's body, and the Content-Type that goes with it. */
export type ExampleBody = { readonly body: string; readonly type: string | undefined };

/** `session`: `renewed`, `emptied`, or the person it belongs to from now on. */
export type ExampleAnswer = {
  readonly status: number;
  readonly fields: Pairs;
  readonly body: string | undefined;
  readonly size: number | undefined;
  readonly session: string | undefined;
};

export type Expectation = {
  /** The pattern of the route, such as `GET /files/:id`; likewise for the write rule. */
  readonly route: string | undefined;
  readonly write: string | undefined;
  readonly type: string | undefined;
  readonly scope: string | undefined;
  /** Why the request is passed; `false`: it is not passed. */
  readonly pass: string | false | undefined;
  readonly stored: string | boolean | undefined;
  readonly ttl: Seconds | undefined;
  readonly tags: readonly string[] | undefined;
  readonly sent: string | undefined;
  readonly sameCopy: readonly ExampleRequest[];
  readonly otherCopy: readonly ExampleRequest[];
  readonly ends: readonly ExampleRequest[];
  readonly keeps: readonly ExampleRequest[];
};

/** One example of one request; an example with several requests in the file becomes several. */
export type Example = {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly request: ExampleRequest;
  readonly cookies: Pairs;
  readonly fields: Pairs;
  readonly sends: ExampleBody | undefined;
  readonly answer: ExampleAnswer;
  readonly at: EpochMs;
  readonly popular: boolean;
  readonly expect: Expectation;
};

export type ExampleFile = {
  /** The configuration, relative to the file; absent: the file's own name without `.test`. */
  readonly config: string | undefined;
  readonly env: Environment;
  readonly host: string;
  readonly people: ReadonlyMap<string, Person>;
  /** The stored answer to the requests that an example ends or keeps. */
  readonly usual: ExampleAnswer;
  readonly examples: readonly Example[];
};
