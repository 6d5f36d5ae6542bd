import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { aadsts, htmlBadGateway } from '../local/entra/entra-faults.ts';
import type { VaultState } from '../local/key-vault/vault-state.ts';
import type { TokenEndpoint } from '../src/oauth/exchange.ts';
import type { TokenRequest } from '../src/oauth/token-request.ts';
import type { RefreshEnvironment } from '../src/refresh/environment.ts';
import { Sensitive } from '../src/sensitive.ts';
import { JsonLinesTelemetry } from '../src/telemetry/create-telemetry.ts';
import { eventContract, type Telemetry } from '../src/telemetry/events.ts';
import { redactingTelemetry } from '../src/telemetry/redaction.ts';
import { ads, crm, TestWorld } from './support/world.ts';

/** Shaped like what Entra and people use: a client secret of 40 characters. */
const pastedSecret = 'aB3~Qx.9ZkLm-8Wq_Rt5Yp2Vn7Hs4Dj6Fg1Kc0Ue';

const certified = {
  clientId: '33333333-3333-4333-8333-333333333333',
  secretName: 'certificate-of-one',
  method: 'certificate',
} as const;
const unknownKey = {
  clientId: '44444444-4444-4444-8444-444444444444',
  secretName: 'certificate-of-another',
  method: 'certificate',
} as const;
const identity = {
  clientId: '55555555-5555-4555-8555-555555555555',
  secretName: 'none',
  method: 'managed_identity',
} as const;

/** Every value that was ever in a vault: refresh tokens, access tokens, client secrets. */
function secretsIn(state: VaultState): string[] {
  const { active } = state.snapshot();
  return [...active].flatMap(([name, versions]) =>
    name.toLowerCase().startsWith('account-') || name.toLowerCase() === 'refresher-heartbeat'
      ? []
      : versions.map(({ value }) => value.reveal()),
  );
}

/** The forms in which a secret could travel. */
function formsOf(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ];
}

function plantedWorld(): TestWorld {
  const world = new TestWorld({ entra: { accessTokenLength: 1500, refreshTokenLength: 1400 } });
  world.addClient({ ...crm, secret: pastedSecret });
  for (const id of ['good', 'revoked', 'echo', 'html', 'blocked'])
    world.addAccount({ id, client: crm, accessTokenMinutesLeft: 10 });
  world.addAccount({ id: 'certified', client: certified });
  world.addAccount({ id: 'unknown-key', client: unknownKey });
  world.storeCertificate(unknownKey, world.createCertificate());
  world.addAccount({ id: 'identity', client: identity });
  world.addAccount({ id: 'owner', client: ads, owner: pastedSecret });
  world.addAccount({
    id: 'name',
    client: ads,
    registration: JSON.stringify({
      tenant: pastedSecret,
      clientId: pastedSecret,
      clientAuthentication: { method: pastedSecret, secretName: pastedSecret },
    }),
  });
  world.addAccount({ id: 'field', client: ads, registration: JSON.stringify({ [pastedSecret]: 1 }) });
  world.addAccount({ id: 'no-json', client: ads, registration: pastedSecret });
  return world;
}

/** Answers that throw back what they were sent, in every field that is read. */
function plantEchoes(world: TestWorld): void {
  const userOf = (id: string) => ({ refreshToken: world.refreshTokenOf(id) ?? '' });
  const echoed = world.refreshTokenOf('echo') ?? '';
  const body = {
    error: echoed,
    error_description: `AADSTS70000: ${echoed}`,
    suberror: echoed,
    trace_id: echoed,
    correlation_id: echoed,
    error_codes: [echoed],
    claims: echoed,
  };
  world.entraFaults.add({
    match: userOf('echo'),
    answer: { status: 400, headers: { 'retry-after': echoed }, body: JSON.stringify(body) },
  });
  world.entraFaults.add({ match: userOf('html'), ...htmlBadGateway(), times: 1 });
  world.entraFaults.add({ match: userOf('blocked'), answer: aadsts(53003, { message: echoed }) });
  world.credentialsFaults.add({
    operation: 'set',
    name: 'refresh-token-good',
    behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
  });
}

/** What was sent to prove clients, and each line of their keys: an assertion's parts, a key in pieces. */
function proofsIn(world: TestWorld, sent: readonly TokenRequest[]): string[] {
  const assertions = sent.flatMap(({ form }) =>
    form.flatMap(([name, value]) =>
      name === 'client_assertion' && value instanceof Sensitive ? [value.reveal()] : [],
    ),
  );
  const keys = [certified, unknownKey].flatMap(({ secretName }) =>
    world.credentials.versionsOf(secretName).map(({ value }) => value.reveal()),
  );
  return [
    ...assertions.flatMap((assertion) => [assertion, ...assertion.split('.')]),
    ...keys.flatMap((pem) => pem.split('-----END PRIVATE KEY-----')[0]?.split('\n').slice(1) ?? []),
  ];
}

/** Runs sweeps over the planted world and gives all that came out of them as text. */
async function outputOf(
  wrap: (lines: Telemetry) => Telemetry,
): Promise<{ output: string; world: TestWorld; proofs: readonly string[] }> {
  const world = plantedWorld();
  plantEchoes(world);
  const lines: string[] = [];
  const telemetry = wrap(new JsonLinesTelemetry((line) => lines.push(line), world.clock));
  const sent: TokenRequest[] = [];
  const endpoint: TokenEndpoint = {
    send: (request) => {
      sent.push(request);
      return world.environment.endpoint.send(request);
    },
  };
  const environment: RefreshEnvironment = { ...world.environment, telemetry, endpoint };
  const results: unknown[] = [];
  for (let sweep = 0; sweep < 3; sweep++) {
    results.push(await world.sweep({}, environment).catch((error: unknown) => error));
    world.minutes(30);
  }
  const errors = results.filter((result) => result instanceof Error);
  const printed = errors.map(
    (error) => inspect(error, { depth: 8, showHidden: true }) + JSON.stringify(error),
  );
  // Requests are printed by nobody; a careless line could.
  const requests = sent.map((request) => inspect(request, { depth: 8 }) + JSON.stringify(request));
  return { output: [...lines, ...printed, ...requests].join('\n'), world, proofs: proofsIn(world, sent) };
}

function leaks(output: string, world: TestWorld, proofs: readonly string[]): string[] {
  const secrets = new Set([
    pastedSecret,
    ...secretsIn(world.credentials),
    ...secretsIn(world.tokens),
    ...proofs,
  ]);
  return [...secrets].filter(
    (secret) => secret.length > 20 && formsOf(secret).some((form) => output.includes(form)),
  );
}

describe('a known string in every secret position', () => {
  test('never shows in events, logs or errors', async () => {
    const { output, world, proofs } = await outputOf(redactingTelemetry);
    assert.match(output, /"event":"RotatedTokenNotStored"/);
    assert.match(output, /"event":"SweepAborted"/);
    assert.match(output, /SweepAbortedError/);
    assert.ok(secretsIn(world.tokens).length > 3, 'there were secrets to leak');
    assert.ok(proofs.filter((proof) => proof.split('.').length === 3).length >= 3, 'there were assertions');
    assert.ok(proofs.length > 60, 'there were keys');
    assert.deepEqual(leaks(output, world, proofs), []);
  });

  test('shows when redaction is off, so the test above can fail', async () => {
    const { output, world, proofs } = await outputOf((lines) => lines);
    assert.deepEqual(leaks(output, world, proofs), [pastedSecret]);
  });

  test('no event of the contract has a field for a token, a secret, a body or a description', () => {
    const fields = Object.values(eventContract).flatMap(({ properties }) => [...properties]);
    for (const field of fields)
      assert.doesNotMatch(field, /^(accessToken|refreshToken|clientSecret|body|description|assertion)$/i);
  });
});
