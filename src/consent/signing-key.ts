import { randomBytes } from 'node:crypto';
import { cappedExpiry, type StoredSecret, type Tags } from '../accounts/secret.ts';
import type { RefreshEnvironment, RefreshPolicy } from '../refresh/environment.ts';
import { Sensitive } from '../sensitive.ts';
import { type Clock, type EpochSeconds, nowSeconds, secondsPerDay, secondsPerMinute } from '../time.ts';
import { ignoringVaultErrors, readIfEnabled } from '../vault/secret-vault.ts';
import { type PacedVault, setWithPermit } from '../vault/write-pacer.ts';

/** No link that expires later than this from now was made here. */
export const longestLinkSeconds = 7 * secondsPerDay;

export const signingKeyName = 'consent-signing-key';
/** The version whose links go on counting; its key is the second half of the value, so that one read gives both. */
const predecessorTag = 'predecessor';

/** How long a key counts without being read again: as long as a key that was taken away may still work. */
const keptSeconds = 10 * secondsPerMinute;
/**
 * How long it stands that there is no key, or that the vault failed. Another process may have made the first key a
 * moment ago, so such a request reads; but not each of them.
 */
const rereadSeconds = 30;
/** A renewed key signs nothing until every process has read it: what each of them keeps is over by then. */
const handoverSeconds = keptSeconds + secondsPerMinute;
const renewalLeadSeconds = 30 * secondsPerDay;

export interface SigningKey {
  /** The version of the secret under which links name it. */
  readonly version: string;
  readonly key: Sensitive;
}

/** What links need beside the sweep's environment. */
export interface LinkEnvironment extends RefreshEnvironment {
  readonly signingKeys: SigningKeys;
}

const newKey = (): string => randomBytes(32).toString('base64url');

/** False for what was read later than now, too: the clock was set back, and nobody knows how old it is. */
const isWithin = (seconds: number, { at }: { readonly at: EpochSeconds }, now: EpochSeconds): boolean =>
  now >= at && now < at + seconds;

/** The keys that a version of the secret holds: its own and, when the app has renewed it, the one before. */
function keysOf({ version, value, tags }: StoredSecret): { own: SigningKey; predecessor?: SigningKey } {
  const [own = '', previous] = value.reveal().split('.');
  const { [predecessorTag]: before } = tags;
  if (before === undefined || previous === undefined) return { own: { version, key: value } };
  return {
    own: { version, key: new Sensitive(own) },
    predecessor: { version: before, key: new Sensitive(previous) },
  };
}

/** When the last link that the predecessor signed has expired. */
const handedOverAt = ({ createdAt }: StoredSecret): EpochSeconds =>
  createdAt + handoverSeconds + longestLinkSeconds;

function validKey(secret: StoredSecret, version: string, now: EpochSeconds): SigningKey | undefined {
  const { own, predecessor } = keysOf(secret);
  if (own.version === version) return own;
  return predecessor?.version === version && now <= handedOverAt(secret) ? predecessor : undefined;
}

function keyForNewLink(secret: StoredSecret, now: EpochSeconds): SigningKey {
  const { own, predecessor } = keysOf(secret);
  return predecessor !== undefined && now < secret.createdAt + handoverSeconds ? predecessor : own;
}

/** Never while links of the predecessor may live, whatever the expiry: a third key would end them. */
function isRenewalDue(secret: StoredSecret, now: EpochSeconds): boolean {
  const { expiresAt } = secret;
  return now > handedOverAt(secret) && (expiresAt === undefined || now >= expiresAt - renewalLeadSeconds);
}

/**
 * The keys that sign links, cookies and receipts: the newest version of `consent-signing-key` and, when the app has
 * renewed it, its predecessor. They are read once and kept for ten minutes, so that requests without a good signature
 * cost the vault next to nothing: while a key is kept, a link that names any other version reads nothing.
 *
 * A key is made when the first link is, and renewed by a sweep or a new link within 30 days of its expiry; neither by
 * anonymous requests. A version that somebody sets by hand has no predecessor: it ends all links, and its own count
 * everywhere, within ten minutes.
 */
export class SigningKeys {
  readonly #vault: PacedVault;
  readonly #clock: Clock;
  readonly #expirySeconds: number;
  /** The last answer, or the one that is awaited, by whoever asks meanwhile. */
  #last: { readonly at: EpochSeconds; readonly secret: Promise<StoredSecret | undefined> } | undefined;
  #kept: { readonly at: EpochSeconds; readonly secret: StoredSecret } | undefined;
  /** The first key while it is being made, for whoever asks meanwhile. */
  #making: Promise<SigningKey> | undefined;

  constructor(vault: PacedVault, clock: Clock, { secretExpirySeconds }: RefreshPolicy) {
    this.#vault = vault;
    this.#clock = clock;
    this.#expirySeconds = secretExpirySeconds;
  }

  /**
   * The key that a link, cookie or receipt names; undefined for a version that does not count or is disabled.
   *
   * @throws VaultError when the key is not known and could not be read
   */
  async find(version: string): Promise<SigningKey | undefined> {
    const now = nowSeconds(this.#clock);
    const kept = this.#kept;
    if (kept !== undefined && isWithin(keptSeconds, kept, now)) return validKey(kept.secret, version, now);
    const last = this.#last;
    const answer = last && isWithin(rereadSeconds, last, now) ? last.secret : this.#read(now);
    const secret = await readIfEnabled(() => answer);
    return secret && validKey(secret, version, now);
  }

  /**
   * The key for a new link, from the vault: another process may have renewed it. An expired key signs on when it
   * cannot be renewed.
   *
   * @throws VaultError when the key could not be read, or is missing and could not be made
   */
  async forNewLink(): Promise<SigningKey> {
    const now = nowSeconds(this.#clock);
    const secret = await this.#read(now);
    if (secret === undefined) {
      this.#making ??= this.#make(now).finally(() => {
        this.#making = undefined;
      });
      return this.#making;
    }
    await this.#renewIfDue(secret, now);
    return keyForNewLink(secret, now);
  }

  /**
   * Renews the key before it expires when nobody asks for links; makes none.
   *
   * @returns the past end of a key that signs on because it could not be renewed; else undefined, also for one that waits
   * for the links of its predecessor to end, and for a key that could not be read
   */
  async keepFresh(): Promise<EpochSeconds | undefined> {
    const now = nowSeconds(this.#clock);
    const secret = await ignoringVaultErrors(this.#read(now));
    if (secret === undefined || !isRenewalDue(secret, now)) return undefined;
    if (await this.#renewIfDue(secret, now)) return undefined;
    return secret.expiresAt !== undefined && secret.expiresAt <= now ? secret.expiresAt : undefined;
  }

  /** True when it was renewed. A refused write costs nothing yet: expired keys sign as well. */
  async #renewIfDue(secret: StoredSecret, now: EpochSeconds): Promise<boolean> {
    if (!isRenewalDue(secret, now)) return false;
    return (await ignoringVaultErrors(this.#renew(secret, now))) !== undefined;
  }

  #read(now: EpochSeconds): Promise<StoredSecret | undefined> {
    const secret = this.#vault.vault.get(signingKeyName);
    this.#last = { at: now, secret };
    secret.then(
      (found) => {
        this.#kept = found && { at: now, secret: found };
      },
      () => {},
    );
    return secret;
  }

  async #make(now: EpochSeconds): Promise<SigningKey> {
    const key = newKey();
    const version = await this.#write(key, {}, now);
    // Another process may have made one in the same moment; the newest counts.
    const secret = await this.#read(now);
    return secret === undefined ? { version, key: new Sensitive(key) } : keyForNewLink(secret, now);
  }

  #renew(secret: StoredSecret, now: EpochSeconds): Promise<string> {
    const { own } = keysOf(secret);
    return this.#write(`${newKey()}.${own.key.reveal()}`, { [predecessorTag]: own.version }, now);
  }

  async #write(value: string, tags: Tags, now: EpochSeconds): Promise<string> {
    const permit = await this.#vault.pacer.take();
    const expiresAt = cappedExpiry(now, this.#expirySeconds);
    const write = { value: new Sensitive(value), contentType: 'text/plain', tags, expiresAt };
    const version = await setWithPermit(this.#vault, permit, signingKeyName, write);
    // What was read before does not show it.
    this.#last = undefined;
    return version;
  }
}
