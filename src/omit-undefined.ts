type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The same fields without those that are undefined, as `exactOptionalPropertyTypes` wants optional fields. */
export function omitUndefined<T extends object>(fields: T): Defined<T> {
  // Object.fromEntries forgets which fields they are.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
