import type { Argv } from 'yargs';

/** What yargs gives the handler, where its types know only the dashed names of options. */
export const camelCased = <O>(parser: unknown): Argv<O> => parser as Argv<O>;
