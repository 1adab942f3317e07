/** Defines the HTTP messages that the rules in this folder work on. */

/** `[name, value, name, value, …]` in the order received. Names keep their spelling. Values are latin-1 strings. */
export type Fields = readonly string[];

/** `target`: the canonical path and query as sent to the origin. */
export type RequestHead = {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
};

export type ResponseHead = {
  readonly status: number;
  readonly fields: Fields;
};
