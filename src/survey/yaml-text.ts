/** Texts in the YAML that a survey writes. */

/** Plain where YAML reads it as itself, else in double quotes; never a reference to the environment. */
export const plainText = (value: string): string =>
  /^[A-Za-z][\w ./-]*$/.test(value) && !/^(?:true|false|null)$/i.test(value)
    ? value
    : JSON.stringify(value.replaceAll('${', () => '$${'));

/** `[a, "b:c"]` */
export const textList = (values: readonly string[]): string => `[${values.map(plainText).join(', ')}]`;
