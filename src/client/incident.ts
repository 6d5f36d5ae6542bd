import {
  type CredentialRejection,
  certificateEndTags,
  credentialEnd,
  credentialTags,
  readCredentialRejection,
  readIdentityRejection,
} from '../accounts/credential-tags.ts';
import type { StoredSecret, Tags } from '../accounts/secret.ts';
import type { Authority } from '../oauth/authority.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import { nowSeconds } from '../time.ts';
import { VaultError } from '../vault/secret-vault.ts';
import type { ClientEnvironment, UsableCredential } from './credential.ts';

/** A client's credential that cannot be used, as all accounts of the client show it. */
export type Incident = Reason & Partial<Pick<CredentialRejection, 'since'>>;

/** What a sweep has found out about a client's credential. */
export interface CredentialFinding {
  incident?: Incident;
  /** The version that Entra has accepted: an older one where it refuses the newest. */
  accepted?: 'newest' | 'older';
}

export interface IncidentOptions {
  readonly authority: Authority;
  readonly clientId: string;
  /** Where it stands; undefined for a client that needs no secret. */
  readonly credentialSecret: string | undefined;
  readonly finding: CredentialFinding;
}

/**
 * The incident of a client's credential: begun, gone on with or ended once a sweep, and noted on the newest version of
 * its secret, or, without a secret, on the registrations of its accounts.
 */
export class CredentialIncident {
  readonly #environment: ClientEnvironment;
  readonly #options: IncidentOptions;
  /** As the registration of an account tells it. */
  #recalled: CredentialRejection | undefined;

  constructor(environment: ClientEnvironment, options: IncidentOptions) {
    this.#environment = environment;
    this.#options = options;
  }

  /** The credential cannot be used, so that nothing is sent. */
  noteUnusable(facts: Reason): void {
    const { finding, credentialSecret } = this.#options;
    finding.incident ??= credentialSecret === undefined ? this.#continued(undefined, facts).rejection : facts;
  }

  /** Why the credential could not be used may have passed. */
  forget(): void {
    delete this.#options.finding.incident;
  }

  /** The credential was rejected. */
  async open(newest: StoredSecret | undefined, facts: Reason): Promise<void> {
    const { finding } = this.#options;
    if (finding.incident !== undefined) return;
    finding.incident = this.#continued(newest, facts).rejection;
    await this.#note(newest, facts);
  }

  /** The credential was accepted. Only a refresh proves that: other answers may come before it is looked at. */
  async noteAccepted({ credential, newest, passedOver }: UsableCredential): Promise<void> {
    const { finding } = this.#options;
    if (passedOver !== undefined && finding.accepted !== 'older') {
      finding.accepted = 'older';
      await this.#note(newest, passedOver, 'fallback');
    }
    if (finding.accepted !== undefined) return;
    finding.accepted = 'newest';
    if (newest !== undefined) await this.#close(newest, credential.endsAt);
  }

  /** A certificate's end is noted on a secret without an expiry attribute by then, so that the listing tells it. */
  async #close(newest: StoredSecret, endsAt: number | undefined): Promise<void> {
    const isMarked = readCredentialRejection(newest.tags)?.clientId === this.#options.clientId;
    const cleared = isMarked ? credentialTags(newest.tags, undefined) : newest.tags;
    const isSilent = endsAt !== undefined && credentialEnd(newest) === undefined;
    const told = isSilent ? certificateEndTags(cleared, endsAt) : undefined;
    if (isMarked || told !== undefined) await this.#saveTags(newest, told ?? cleared);
  }

  async #note(newest: StoredSecret | undefined, facts: Reason, fallback?: 'fallback'): Promise<void> {
    if (newest === undefined) return;
    const { rejection, isNoted } = this.#continued(newest, facts, fallback);
    if (!isNoted) await this.#saveTags(newest, credentialTags(newest.tags, rejection));
  }

  async #saveTags({ name, version }: StoredSecret, tags: Tags): Promise<void> {
    try {
      await this.#environment.credentials.vault.update(name, version, { tags });
    } catch (error) {
      // Only the incident's beginning is lost; the next sweep finds the rejection again.
      if (!(error instanceof VaultError)) throw error;
    }
  }

  /** The incident as it goes on from what is noted. */
  #continued(
    newest: StoredSecret | undefined,
    { code, cause, remedy, traceId }: Reason,
    fallback?: 'fallback',
  ): { readonly rejection: CredentialRejection; readonly isNoted: boolean } {
    const { clientId, authority } = this.#options;
    const before = newest ? readCredentialRejection(newest.tags) : this.#recalled;
    const isNoted =
      before?.clientId === clientId &&
      before.code === code &&
      (before.fallback === true) === (fallback !== undefined);
    const rejection: CredentialRejection = {
      clientId,
      authority,
      code,
      cause,
      remedy,
      since: isNoted ? before.since : nowSeconds(this.#environment.clock),
      ...omitUndefined({
        traceId: isNoted ? before.traceId : traceId,
        fallback: fallback && (true as const),
      }),
    };
    return { rejection, isNoted };
  }

  /** Learns from the tags of an account's registration which incident of a client without a secret goes on. */
  recall(tags: Tags): void {
    if (this.#options.credentialSecret !== undefined || this.#recalled !== undefined) return;
    const noted = readIdentityRejection(tags);
    if (noted?.clientId === this.#options.clientId) this.#recalled = noted;
  }

  /**
   * The incident of a client without a secret, as an account's registration is to remember it after this sweep.
   *
   * @param tags of the registration now
   * @param isStruck the account met the incident in this sweep
   */
  toRemember(tags: Tags, isStruck: boolean): CredentialRejection | undefined {
    const { credentialSecret, finding } = this.#options;
    if (credentialSecret !== undefined) return undefined;
    const { incident } = finding;
    return isStruck && incident !== undefined && 'clientId' in incident
      ? // What names a client is a whole rejection.
        (incident as CredentialRejection)
      : readIdentityRejection(tags);
  }
}
