import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { simulate } from '../../../lab/simulation/simulation.ts';
import {
  optimalRefreshesPerTokenDay,
  type SimulationReport,
  violations,
} from '../../../lab/simulation/simulation-report.ts';
import { steps } from '../../../lab/simulation/steps.ts';
import type { SecretWrite } from '../../../src/accounts/secret.ts';
import type { RefreshEnvironment } from '../../../src/refresh/environment.ts';
import { Sensitive } from '../../../src/sensitive.ts';
import { type SecretVault, VaultError } from '../../../src/vault/secret-vault.ts';

type Alteration = (environment: RefreshEnvironment) => RefreshEnvironment;

/** Everything but the real time. */
function figures({ faults, realSeconds: _, ...rest }: SimulationReport) {
  return { ...rest, faults: faults.kinds.map((kind) => [kind, faults.of(kind)]) };
}

function withCredentialsVault(change: (vault: SecretVault) => Partial<SecretVault>): Alteration {
  return (environment) => {
    const { vault } = environment.credentials;
    const altered: SecretVault = {
      url: vault.url,
      list: (limit) => vault.list(limit),
      get: vault.get,
      versions: vault.versions,
      set: vault.set,
      update: vault.update,
    };
    return {
      ...environment,
      credentials: { ...environment.credentials, vault: { ...altered, ...change(vault) } },
    };
  };
}

const dropsRefreshTokens = withCredentialsVault((vault) => ({
  set: (name: string, write: SecretWrite) =>
    name.startsWith('refresh-token-') ? Promise.resolve('never-stored') : vault.set(name, write),
}));

const disablesEveryVersion = withCredentialsVault((vault) => ({
  set: async (name, write) => {
    const version = await vault.set(name, write);
    const previous = write.tags['previous-version'];
    if (previous === undefined) return version;
    for (const each of [version, previous]) await vault.update(name, each, { enabled: false });
    return version;
  },
}));

/** As a judge would do that takes every 70000 for Entra's last word. */
const believesTheFirst70000: Alteration = (environment) => ({
  ...environment,
  endpoint: {
    send: async (request) => {
      const exchange = await environment.endpoint.send(request);
      if (exchange.kind !== 'answered') return exchange;
      const body = exchange.body.reveal().replace('[70000]', '[50173]');
      return { ...exchange, body: new Sensitive(body) };
    },
  },
});

const cannotStore = withCredentialsVault((vault) => ({
  set: (name, write) => {
    if (!name.startsWith('refresh-token-')) return vault.set(name, write);
    const target = { vaultUrl: vault.url, operation: 'set', secretName: name } as const;
    return Promise.reject(new VaultError({ ...target, code: 'unreachable' }));
  },
}));

const keepsSilent: Alteration = (environment) => ({
  ...cannotStore(environment),
  telemetry: {
    emit: (event) => {
      if (event.name !== 'RotatedTokenNotStored') environment.telemetry.emit(event);
    },
    flush: () => environment.telemetry.flush(),
  },
});

const refreshesLate: Alteration = (environment) => ({
  ...environment,
  policy: { ...environment.policy, minimumValiditySeconds: 0 },
});

const stopsSweeping: Alteration = withCredentialsVault((vault) => ({
  list: async () => ({ ...(await vault.list()), secrets: [] }),
}));

describe('a simulation', () => {
  const small = { seed: 12, redemptions: 4500, accounts: 30 };
  let report: SimulationReport;

  before(async () => {
    report = await simulate(small);
  });

  it('finds nothing lost, no false re-consent, nothing dropped in silence, nothing left stale', () => {
    assert.deepEqual(violations(report), []);
    assert.ok(report.redemptions >= small.redemptions);
    assert.ok(report.sweeps.crashed > 0 && report.sweeps.aborted > 0 && report.sweeps.completed > 0);
    assert.ok(report.verdicts.trueReconsents > 0, 'a judge that says nothing would also be never wrong');
  });

  it('puts faults of every kind upon it', () => {
    const { faults } = report;
    const words = [
      'crash before',
      'crash after',
      'tick missed',
      'tick late',
      'overlapping sweep',
      'identity refused',
      'identity hang',
      'vault silent at the tick',
    ];
    const entra = ['429', '429 with Retry-After', '503 90033', 'hang', 'redeem then hang', 'transient 70000'];
    const vault = ['throttle', 'throttle with Retry-After', 'reset', 'commit then reset', 'hang'];
    const people = ['grant revoked', 'refresh token stored by hand', 'client secret expired'];
    const kinds = [
      ...words,
      ...entra.map((kind) => `entra ${kind}`),
      ...vault.map((kind) => `vault ${kind}`),
    ];
    assert.deepEqual(
      [...kinds, ...people, 'vault commit then hang', 'vault 503 read-only', 'vault 403 forbidden'].filter(
        (kind) => faults.of(kind) === 0,
      ),
      [],
    );
    assert.ok(steps.filter((step) => faults.at(step) > 0).length >= 14);
  });

  it('gives the same figures for the same seed and others for another', async () => {
    const tiny = { redemptions: 400, accounts: 20 };
    const [first, second, other] = [
      await simulate({ ...tiny, seed: 3 }),
      await simulate({ ...tiny, seed: 3 }),
      await simulate({ ...tiny, seed: 4 }),
    ];
    assert.deepEqual(figures(first), figures(second));
    assert.notDeepEqual(figures(first), figures(other));
  });

  it('injects nothing in the faultless share, and there refreshes at most 1.15 times as often as needed', async () => {
    const report = await simulate({ seed: 1, redemptions: 2000, accounts: 60, faultlessShare: 1 });
    assert.equal(report.faults.total, 0);
    assert.deepEqual(violations(report), []);
    assert.deepEqual(report.sweeps, { ...report.sweeps, aborted: 0, crashed: 0 });
    const perDay = report.refreshesPerTokenDay.faultless ?? 0;
    assert.ok(perDay >= optimalRefreshesPerTokenDay && perDay <= 1.15 * optimalRefreshesPerTokenDay);
  });
});

describe('the oracle notices', () => {
  const faultless = { seed: 2, redemptions: 200, accounts: 10, faultlessShare: 1 };

  it('no loss when tokens are rotated strictly and nothing goes wrong', async () => {
    assert.deepEqual(violations(await simulate({ ...faultless, rotation: 'strict' })), []);
  });

  it('a rotated token that is not stored, where only the newest is accepted', async () => {
    const report = await simulate({ ...faultless, rotation: 'strict', alter: dropsRefreshTokens });
    assert.equal(report.verdicts.lostRefreshTokens, report.accounts);
  });

  it('a rotated token that is not stored, where older ones are accepted until they are too old', async () => {
    const days = { redemptions: 850, accounts: 5 };
    const report = await simulate({ ...faultless, ...days, alter: dropsRefreshTokens });
    assert.equal(report.verdicts.lostRefreshTokens, report.accounts);
    assert.ok(report.fates.notStoredUntold > 0);
  });

  it('a vault whose versions are all disabled', async () => {
    const report = await simulate({ ...faultless, alter: disablesEveryVersion });
    assert.equal(report.verdicts.lostRefreshTokens, report.accounts);
  });

  it('a judge that believes the first 70000', async () => {
    const faulty = { seed: 2, redemptions: 1500, accounts: 20, faultlessShare: 0 };
    const report = await simulate({ ...faulty, alter: believesTheFirst70000 });
    assert.ok(report.verdicts.falseReconsents > 0);
  });

  it('a token that could not be stored, and whether that is told', async () => {
    const told = await simulate({ ...faultless, alter: cannotStore });
    assert.ok(told.fates.notStoredAndTold > 0);
    assert.equal(told.notStoredEvents, told.fates.notStoredAndTold);
    assert.equal(told.fates.notStoredUntold, 0);
    const untold = await simulate({ ...faultless, alter: keepsSilent });
    assert.equal(untold.fates.notStoredUntold, told.fates.notStoredAndTold);
  });

  it('access tokens that are refreshed too late', async () => {
    const report = await simulate({ ...faultless, alter: refreshesLate });
    assert.ok(report.belowMinimum.faultlessMinutes > 0);
  });

  it('accounts that are never refreshed again', async () => {
    const report = await simulate({ ...faultless, redemptions: 0, alter: stopsSweeping });
    assert.equal(report.staleAccounts, report.accounts);
  });
});
