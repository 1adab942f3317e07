/** What is traced, and where its spans go. */

export type TracesConfig = {
  /** Where spans are sent by OTLP over HTTP, with its path. */
  readonly endpoint: string;
  /** The share of the exchanges that are part of no client's trace. */
  readonly sample: number;
  /** How many of them are sampled in a second at most. */
  readonly perSecond: number;
  readonly service: string;
};
