import type { StoredSecret, Tags } from '../../src/accounts/secret.ts';
import type { Sensitive } from '../../src/sensitive.ts';
import type { EpochSeconds } from '../../src/time.ts';

/** One version of a secret. Never changed in place: an update replaces it. */
export interface SecretVersion extends StoredSecret {
  readonly notBefore?: EpochSeconds;
}

/** What a version is made of. Nothing is carried over from the version before. */
export interface SecretInput {
  readonly value: Sensitive;
  readonly contentType?: string;
  readonly tags?: Tags;
  /** Default: true. */
  readonly enabled?: boolean;
  readonly notBefore?: EpochSeconds;
  readonly expiresAt?: EpochSeconds;
}

/** What a PATCH changes; what is absent stays. `tags` replace the whole map (recorded: .NET Update_Replaces_Tags_Wholesale). */
export type SecretChange = Omit<SecretInput, 'value'>;

export function newVersion(
  name: string,
  version: string,
  input: SecretInput,
  now: EpochSeconds,
): SecretVersion {
  const made = { name, version, value: input.value, tags: {}, enabled: true };
  return { ...made, ...given(input), createdAt: now, updatedAt: now };
}

export function changedVersion(
  version: SecretVersion,
  change: SecretChange,
  now: EpochSeconds,
): SecretVersion {
  return { ...version, ...given(change), updatedAt: now };
}

function given(change: SecretChange) {
  const attributes: {
    contentType?: string;
    tags?: Tags;
    enabled?: boolean;
    notBefore?: EpochSeconds;
    expiresAt?: EpochSeconds;
  } = {};
  if (change.contentType !== undefined) attributes.contentType = change.contentType;
  if (change.tags !== undefined) attributes.tags = { ...change.tags };
  if (change.enabled !== undefined) attributes.enabled = change.enabled;
  if (change.notBefore !== undefined) attributes.notBefore = change.notBefore;
  if (change.expiresAt !== undefined) attributes.expiresAt = change.expiresAt;
  return attributes;
}

/** The versions of one secret in the order of their creation; the last one is the newest. */
export class SecretHistory {
  readonly name: string;
  readonly #versions = new Map<string, SecretVersion>();
  #newest: string | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#versions.size;
  }

  get newest(): SecretVersion | undefined {
    return this.#newest === undefined ? undefined : this.#versions.get(this.#newest);
  }

  get(version: string): SecretVersion | undefined {
    return this.#versions.get(version);
  }

  add(version: SecretVersion): void {
    this.#versions.set(version.version, version);
    this.#newest = version.version;
  }

  replace(version: SecretVersion): void {
    this.#versions.set(version.version, version);
  }

  /** Drops the oldest versions until at most `count` are left. */
  keepNewest(count: number): void {
    for (const version of this.#versions.keys()) {
      if (this.#versions.size <= count) return;
      this.#versions.delete(version);
    }
  }

  inOrderOfCreation(): SecretVersion[] {
    return [...this.#versions.values()];
  }
}
