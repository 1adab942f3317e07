/** Defines the HTTP messages that the rules in this folder work on. */

/**
 * Header fields as a flat list in the order received: `[name, value, name, value, …]`. Names keep their spelling;
 * compare them case-insensitively. Values are latin-1 strings.
 */
export type Fields = readonly string[];

/** The head of a request. `target` is the canonical path and query as sent to the origin. */
export type RequestHead = {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
};

/** The head of a final response. */
export type ResponseHead = {
  readonly status: number;
  readonly fields: Fields;
};
