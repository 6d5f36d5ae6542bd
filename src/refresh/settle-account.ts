import { secretName } from '../accounts/account-id.ts';
import type { FailureFinding, FailureRecord, FailureState, Finding } from '../accounts/account-state.ts';
import { transition } from '../accounts/account-state.ts';
import { readRefreshTokenTags } from '../accounts/refresh-token-secret.ts';
import { registrationTags, summarize } from '../accounts/registration-tags.ts';
import type { StoredSecret, Tags } from '../accounts/secret.ts';
import type { FailureFacts } from '../oauth/outcome.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import { nowSeconds } from '../time.ts';
import { isFinal, VaultError } from '../vault/secret-vault.ts';
import { identityRejection } from './credential-incidents.ts';
import type { FailedOutcome } from './refresh-account.ts';
import type { SweepState } from './sweep-state.ts';
import { concernsToken } from './token-work.ts';
import { vaultReason } from './vault-remedy.ts';
import type { ItemResult, TokenWork, WorkItem } from './work-item.ts';

function learned(kind: FailureFinding['kind'], facts: Reason & Pick<FailureFacts, 'claims'>): Finding {
  const { code, cause, remedy, traceId, claims } = facts;
  return { kind, code, cause, remedy, ...omitUndefined({ traceId, claims }) };
}

function findingOfOutcome(outcome: FailedOutcome, proven: boolean): Finding {
  switch (outcome.kind) {
    case 'reconsent':
      return learned(proven ? 'reconsent_proven' : 'reconsent_suspected', outcome.facts);
    case 'configuration':
    case 'policy':
      return learned(outcome.kind, outcome.facts);
    case 'credential':
      return { kind: 'nothing_learned' };
    case 'throttled':
    case 'transient':
    case 'unknown_outcome':
    case 'malformed':
      return learned('passing', outcome.facts);
    default:
      return outcome satisfies never;
  }
}

/** What stays until a human acts; the others pass. */
function findingOfVaultError(error: VaultError, lasting: 'configuration' | 'unusable'): Finding {
  const stays = error.code === 'forbidden' || isFinal(error);
  return learned(stays ? lasting : 'passing', vaultReason(error));
}

const otherUserReason: Reason = {
  code: 'user_mismatch',
  cause: 'Entra answered for another user than the one this account belongs to; nothing was stored.',
  remedy: 'Consent again as the expected user, or correct "user" in the registration.',
};

function findingOf(result: ItemResult): Finding {
  switch (result.kind) {
    case 'refreshed':
      return { kind: 'refreshed' };
    case 'failed':
      return findingOfOutcome(result.outcome, result.proven);
    case 'unusable':
      return learned('unusable', result.facts);
    case 'defect':
      return learned('passing', result.facts);
    case 'other_user':
      return learned('configuration', otherUserReason);
    case 'not_stored':
    case 'not_published':
      return findingOfVaultError(result.error, 'configuration');
    case 'vault_unreadable':
      return findingOfVaultError(result.error, 'unusable');
    case 'superseded':
    case 'pending_consent':
    case 'gone':
    case 'credential':
    case 'not_started':
      return { kind: 'nothing_learned' };
    default:
      return result satisfies never;
  }
}

const seriousness: Readonly<Record<Finding['kind'], number>> = {
  refreshed: 0,
  nothing_learned: 0,
  passing: 1,
  reconsent_suspected: 2,
  unusable: 3,
  policy: 3,
  configuration: 4,
  reconsent_proven: 5,
};

interface Learnt {
  readonly finding: Finding;
  readonly result: ItemResult;
}

/** Names for a sentence: some, when there are many. */
function enumerate(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `"${name}"`);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `Access token${names.length > 1 ? 's' : ''} ${shown.join(', ')}${more}`;
}

/** The grant that the access tokens were asked from, as far as this sweep saw it. */
function judgedGrant(results: readonly ItemResult[]): string | undefined {
  const ids = results.map((result) => {
    if (result.kind === 'refreshed') return result.grantId;
    return 'judgedGrantId' in result ? result.judgedGrantId : undefined;
  });
  return ids.findLast((id) => id !== undefined);
}

const namesOf = (works: readonly TokenWork[]): string[] => works.flatMap(({ token }) => token.name ?? []);

const standing: Readonly<Record<FailureState, Finding['kind']>> = {
  retrying: 'passing',
  policy: 'policy',
  configuration: 'configuration',
  reconsent: 'reconsent_proven',
};

/**
 * A failure of some of several access tokens: it names them, and holds for them alone. A worse one, of others that
 * were not asked for because they back off, stays.
 */
function aboutTokens(finding: FailureFinding, { tokens, planned }: WorkItem): Finding {
  const { failure } = planned.account;
  const failed = tokens.filter(({ result }) => concernsToken(result));
  const alike = failed.filter(({ result }) => codeOf(findingOf(result)) === finding.code);
  const waiting = (failure?.tokens ?? []).filter((name) => !namesOf(tokens).includes(name));
  const isWorse = failure !== undefined && seriousness[standing[failure.state]] > seriousness[finding.kind];
  if (isWorse && waiting.length > 0) return { kind: 'nothing_learned' };
  const grantId = judgedGrant(tokens.map(({ result }) => result));
  return {
    ...finding,
    cause: `${enumerate(namesOf(alike))}: ${finding.cause}`,
    tokens: [...namesOf(failed), ...waiting],
    ...omitUndefined({ grantId }),
  };
}

const codeOf = (finding: Finding): string | undefined => ('code' in finding ? finding.code : undefined);

/** What a sweep found out about an account whose access tokens have names: the worst of what it found for each. */
function findingOfTokens(item: WorkItem): Learnt {
  const learnt = item.tokens.map(({ result }) => ({ result, finding: findingOf(result) }));
  const worst = learnt.reduce((a, b) => (seriousness[b.finding.kind] > seriousness[a.finding.kind] ? b : a));
  const { finding, result } = worst;
  if ('code' in finding)
    return concernsToken(result) ? { result, finding: aboutTokens(finding, item) } : worst;
  const isRefreshed = (name: string): boolean =>
    item.tokens.some(({ token, result: { kind } }) => token.name === name && kind === 'refreshed');
  const failing = item.planned.account.failure?.tokens;
  // Of an account that as a whole was failing, one refreshed token proves the opposite.
  const mended =
    failing === undefined
      ? learnt.some(({ finding: { kind } }) => kind === 'refreshed')
      : failing.every(isRefreshed);
  return { result, finding: { kind: mended ? 'refreshed' : 'nothing_learned' } };
}

function learntOf(item: WorkItem): Learnt {
  const isNamed = item.tokens.some(({ token }) => token.name !== undefined);
  return isNamed ? findingOfTokens(item) : { result: item.result, finding: findingOf(item.result) };
}

function sameTags(a: Tags, b: Tags): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

async function saveTags(
  sweep: SweepState,
  id: string,
  registration: StoredSecret,
  tags: Tags,
): Promise<void> {
  if (sameTags(registration.tags, tags)) return;
  try {
    const name = secretName('registration', id);
    await sweep.environment.credentials.vault.update(name, registration.version, { tags });
  } catch (error) {
    // The next sweep finds the same again; a missing right shows when the heartbeat is updated.
    if (!(error instanceof VaultError)) throw error;
  }
}

/** The failure that is to be remembered of an account after what this sweep found out about it. */
export function nextFailure(sweep: SweepState, item: WorkItem): FailureRecord | undefined {
  const { account } = item.planned;
  const { result, finding } = learntOf(item);
  const { attemptId: listedId } = readRefreshTokenTags(account.refreshToken?.tags ?? {});
  return transition(
    account.failure,
    finding,
    nowSeconds(sweep.environment.clock),
    'judgedId' in result ? result.judgedId : listedId,
  );
}

/**
 * Writes an account's remembered state into its registration's tags, only when they changed, and to the version
 * that was read: a registration rewritten meanwhile keeps its clean slate.
 */
export async function saveState(sweep: SweepState, item: WorkItem): Promise<void> {
  const { registrationSecret: registration, prepared, failure } = item;
  if (registration === undefined) return;
  const summary = prepared === undefined ? undefined : summarize(prepared.registration);
  const rejection =
    prepared === undefined || item.result.kind === 'refreshed'
      ? undefined
      : identityRejection(sweep, prepared, item.result.kind === 'credential');
  const tags = registrationTags(registration.tags, summary, failure, rejection);
  await saveTags(sweep, item.planned.account.id, registration, tags);
}
