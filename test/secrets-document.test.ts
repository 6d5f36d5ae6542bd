import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AccessTokenPublication, accessTokenWrite } from '../src/accounts/access-token-secret.ts';
import { accountIdFault, secretName } from '../src/accounts/account-id.ts';
import type { FailureRecord } from '../src/accounts/account-state.ts';
import {
  type CredentialRejection,
  certificateEndTags,
  credentialExpiry,
  credentialTags,
} from '../src/accounts/credential-tags.ts';
import { heartbeatName, heartbeatTags, probeName, runningSweepTags } from '../src/accounts/heartbeat.ts';
import { type RefreshTokenTags, refreshTokenTags } from '../src/accounts/refresh-token-secret.ts';
import { summaryTagNames } from '../src/accounts/registration-summary.ts';
import { registrationTags } from '../src/accounts/registration-tags.ts';
import { signingKeyName } from '../src/consent/signing-key.ts';
import { Sensitive } from '../src/sensitive.ts';
import { firstCells, readText } from './support/documents.ts';

const now = 1_795_000_000;
const day = 86_400;
const reason = { code: 'x', cause: 'Cause.', remedy: 'Remedy.', traceId: 'trace' };

// Each is Required: a field that is added does not compile here until it has a value.
const publication: Required<AccessTokenPublication> = {
  accountId: 'ads',
  value: new Sensitive('token'),
  audience: { endpoint: 'v2', scopes: ['a'] },
  attemptId: 'a',
  grantId: 'g',
  registrationVersion: 'r',
  requestedAt: now,
  expiresInSeconds: 3600,
  refreshInSeconds: 1800,
  lackingScopes: ['b'],
};
const user = { tenantId: 't', objectId: 'o' };
const refreshToken: Required<RefreshTokenTags> = {
  generation: 1,
  source: 'sweep',
  attemptId: 'a',
  grantId: 'g',
  previousVersion: 'v',
  replacedGrantId: 'g0',
  user: { ...user, ids: 'home' },
  signedInAs: user,
  loginHintHash: 'h',
  clientId: 'c',
  endsAt: now,
  supersededBy: 'w',
};
const failure: Required<FailureRecord> = {
  ...reason,
  state: 'policy',
  since: now,
  failures: 1,
  nextAttemptAt: now,
  judgedId: 'a',
  tokens: ['graph'],
  grantId: 'g',
  suspected: false,
  claims: '{}',
};
const rejection: Required<CredentialRejection> = {
  ...reason,
  clientId: 'c',
  authority: 'https://login.microsoftonline.com',
  since: now,
  fallback: true,
};
const heartbeat = { completedAt: now, durationSeconds: 1, accounts: 1, refreshed: 1, failing: 0, build: '1' };

const namesOf = (...tags: readonly (Readonly<Record<string, string>> | undefined)[]) =>
  tags.flatMap((each) => Object.keys(each ?? {}));
const registered = { 'refresher-registered': `${now} 0a` };
const [predecessor = ''] =
  readText('src/consent/signing-key.ts').match(/(?<=predecessorTag = ')[\w-]+/) ?? [];

const written: Readonly<Record<string, readonly string[]>> = {
  'The registration': [
    ...summaryTagNames,
    ...namesOf(registrationTags(registered, undefined, failure, rejection)),
  ],
  'The refresh token': namesOf(refreshTokenTags({}, refreshToken)),
  "A client's credential": namesOf(
    credentialTags({}, rejection),
    certificateEndTags({}, now),
    credentialExpiry(now, day, now + 9 * day).tags,
  ),
  'The access token': namesOf(
    accessTokenWrite(publication, {}).tags,
    accessTokenWrite({ ...publication, audience: { endpoint: 'v1', resource: 'r' } }, {}).tags,
  ),
  'The signing key of consents': [predecessor],
  'The heartbeat': namesOf(
    heartbeatTags({}, heartbeat),
    runningSweepTags({}, { since: now, until: now + day }),
  ),
};

describe('docs/secrets.md', () => {
  const document = readText('docs/secrets.md');

  for (const [heading, tags] of Object.entries(written)) {
    test(`${heading}: documents every tag that is written, and no other`, () => {
      const documented = firstCells(document, heading);
      assert.deepEqual(documented.toSorted(), [...new Set(tags)].sort());
    });
  }

  test('has a section of tags for each secret and no other', () => {
    const sections = [...document.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    assert.deepEqual(sections, Object.keys(written));
  });

  test('names each secret as the code does', () => {
    assert.equal(accountIdFault('ads-emea'), undefined);
    const kinds = ['registration', 'refreshToken', 'accessToken'] as const;
    const patterns = kinds.map((kind) => secretName(kind, '<id>'));
    for (const name of [...patterns, signingKeyName, heartbeatName, probeName])
      assert.ok(firstCells(document, 'Every secret').includes(name), name);
    for (const kind of kinds) assert.ok(document.includes(`\`${secretName(kind, 'ads-emea')}\``), kind);
  });
});
