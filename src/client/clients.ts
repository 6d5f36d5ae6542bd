import type { Registration } from '../accounts/registration.ts';
import { type RegistrationSummary, summarize } from '../accounts/registration-tags.ts';
import type { Tags } from '../accounts/secret.ts';
import type { Authority } from '../oauth/authority.ts';
import { Client } from './client.ts';
import type { ClientEnvironment } from './credential.ts';
import type { CredentialFinding } from './incident.ts';

/** A client's credential as listings name it. */
export type CredentialName = Pick<RegistrationSummary, 'clientId' | 'method'> & {
  readonly credentialSecret?: string | undefined;
};

/** The key of what is known about a client's credential. */
export function credentialKey({ clientId, method, credentialSecret = '' }: CredentialName): string {
  return `${clientId} ${method} ${credentialSecret}`.toLowerCase();
}

/** An assertion that one algorithm signed proves nothing of another. */
function clientKey(registration: Registration, authority: Authority): string {
  const { clientAuthentication } = registration;
  const algorithm = 'algorithm' in clientAuthentication ? clientAuthentication.algorithm : '';
  return `${authority} ${credentialKey(summarize(registration))} ${algorithm}`;
}

/** The clients of one sweep. */
export class Clients {
  /** What the sweep has found out about credentials, by {@link credentialKey}: of all authorities together. */
  readonly findings = new Map<string, CredentialFinding>();
  readonly #environment: ClientEnvironment;
  readonly #clients = new Map<string, Client>();
  #waiters: (() => void)[] = [];

  constructor(environment: ClientEnvironment) {
    this.#environment = environment;
  }

  /** @param tags of the registration: an incident of a client without a secret is noted there */
  of(registration: Registration, authority: Authority, tags: Tags): Client {
    const key = clientKey(registration, authority);
    const client = this.#clients.get(key) ?? this.#create(registration, authority);
    this.#clients.set(key, client);
    client.incident.recall(tags);
    return client;
  }

  #create(registration: Registration, authority: Authority): Client {
    const summary = summarize(registration);
    const key = credentialKey(summary);
    const finding = this.findings.get(key) ?? {};
    this.findings.set(key, finding);
    return new Client(this.#environment, {
      authority,
      clientId: summary.clientId,
      authentication: registration.clientAuthentication,
      credentialSecret: summary.credentialSecret,
      finding,
      onVerdict: () => this.#wake(),
    });
  }

  /** Readings that failed and may not any longer are made again. */
  beginRound(): void {
    for (const client of this.#clients.values()) client.beginRound();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves when the next probe of any client has come back. */
  nextVerdict(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }
}
