import type { Sensitive } from '../sensitive.ts';
import { type EpochSeconds, secondsPerHour } from '../time.ts';

export type Tags = Readonly<Record<string, string>>;

/** A secret as a listing shows it: the newest version's attributes, never its value or version id. */
export interface ListedSecret {
  readonly name: string;
  readonly contentType?: string;
  readonly tags: Tags;
  readonly enabled: boolean;
  /** When the listed version was made; Key Vault keeps whole seconds. */
  readonly createdAt: EpochSeconds;
  readonly updatedAt: EpochSeconds;
  readonly expiresAt?: EpochSeconds;
}

/** One version of a secret, without its value. */
export interface ListedVersion extends ListedSecret {
  readonly version: string;
}

/** One version of a secret with its value. */
export interface StoredSecret extends ListedVersion {
  readonly value: Sensitive;
}

/** A new version. Key Vault carries nothing over from the version before, so everything is given. */
export interface SecretWrite {
  readonly value: Sensitive;
  readonly contentType: string;
  readonly tags: Tags;
  readonly expiresAt?: EpochSeconds;
}

/**
 * What Key Vault holds in one secret: "25k bytes" of UTF-8 (Key Vault: About secrets), taken as 25 × 1,024: a token
 * in between must be tried, and the vault itself may refuse it.
 */
const maximumValueBytes = 25 * 1024;
/** Tags of one secret, and characters of one tag's value (Key Vault: About keys, secrets and certificates). */
export const maximumTags = 15;
export const maximumTagCharacters = 512;
/** The SDK cuts times to 32 bits; what lies behind 2038-01-19T03:14:07Z would be stored as 1901. */
export const latestExpiry: EpochSeconds = 2 ** 31 - 1;

/** Why Key Vault knows no secret of this name, or undefined. The SDK would encode a slash and ask for another one. */
export function secretNameFault(name: string): string | undefined {
  return /^[0-9a-zA-Z-]{1,127}$/.test(name) ? undefined : 'a secret name is 1 to 127 of 0-9 a-z A-Z -';
}

/** Why Key Vault could not hold this version, or undefined. */
export function writeFault({ value, expiresAt }: SecretWrite): string | undefined {
  const size = value.byteLength;
  if (size > maximumValueBytes)
    return `${size} bytes, Key Vault holds at most ${maximumValueBytes} in one secret`;
  if (size === 0) return 'an empty value';
  if (expiresAt !== undefined && expiresAt > latestExpiry) return 'an expiry after 2038-01-19T03:14:07Z';
  return undefined;
}

/** A policy counts from when the vault makes the version, by the vault's own clock. */
const expiryMarginSeconds = secondsPerHour;

/**
 * The expiry of a secret that is written now. It only informs, a reader gets an expired secret all the same (Key Vault:
 * About secrets); but Azure Policy may refuse a secret without one, or with a later one than it allows.
 *
 * @param longestSeconds what the settings allow; an hour less is used, for clocks that differ
 * @param end when what the secret holds ends, if that is known
 */
export function cappedExpiry(now: EpochSeconds, longestSeconds: number, end = latestExpiry): EpochSeconds {
  return Math.min(now + longestSeconds - expiryMarginSeconds, end, latestExpiry);
}

/** Whether a secret expires so much sooner than what it holds ends that the end has to be noted beside it. */
export function isCapped(expiresAt: EpochSeconds, end: EpochSeconds): boolean {
  return end - expiresAt > expiryMarginSeconds;
}

/** Cuts a text to what a tag's value holds. */
export function tagValue(text: string): string {
  return text.length <= maximumTagCharacters ? text : `${text.slice(0, maximumTagCharacters - 1)}…`;
}

/** Whether a secret with these tags needs no PATCH to have those. */
export function sameTags(a: Tags, b: Tags): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/**
 * Our tags over what others put there. Foreign tags are kept as far as the limit of 15 allows; ours go first,
 * because a lost attempt id or failure state costs more than a lost label.
 */
export function mergeTags(present: Tags, owned: ReadonlySet<string>, ours: Tags): Tags {
  const foreign = Object.entries(present).filter(([name]) => !owned.has(name));
  const room = Math.max(0, maximumTags - Object.keys(ours).length);
  return { ...Object.fromEntries(foreign.slice(0, room)), ...ours };
}

/** Without the entries whose value is undefined, as Key Vault wants tags. */
export function definedTags(tags: Readonly<Record<string, string | undefined>>): Tags {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([name, value]) => (value === undefined ? [] : [[name, tagValue(value)]])),
  );
}
