import { type FailureFacts, mayBeForeign } from '../oauth/outcome.ts';
import { nowSeconds } from '../time.ts';
import { previousCredential, type UsableCredential } from './credential.ts';
import { closeIncident, noteFallback, openIncident } from './credential-incidents.ts';
import { type AttemptInput, type AttemptResult, attemptAccount } from './refresh-account.ts';
import type { Result } from './results.ts';
import type { Fallback, SweepState } from './sweep-state.ts';

type Attempt = Omit<AttemptInput, 'credential'>;

/**
 * One attempt at an account with its client's credential. When the newest version is rejected, the client's probe
 * tries the version before it, once: Entra may not know a new certificate yet, or a wrong secret was stored. If that
 * is accepted the accounts of the client work with it for the rest of the sweep, and the finding is noted; otherwise
 * the client's gate is shut. A rejection that need not be Entra's is looked at again in the next round first.
 */
export async function attemptAsClient(
  sweep: SweepState,
  attempt: Attempt,
  read: UsableCredential,
  isProbe: boolean,
): Promise<Result> {
  const { prepared } = attempt;
  const choice = sweep.fallbacks.get(prepared.gateKey) ?? read;
  const result = await attemptAccount(sweep, { ...attempt, credential: choice.credential });
  const facts = rejectionIn(result);
  if (facts === undefined || result.kind !== 'failed') {
    await noteAccepted(sweep, attempt, read, choice.passedOver, result);
    return result;
  }
  if (mayBeForeign(result.outcome) && sweep.gate.doubt(prepared.gateKey, facts, attempt.round)) {
    return { kind: 'credential', facts, doubted: true };
  }
  const rescue = isProbe ? await tryPrevious(sweep, attempt, read, facts) : undefined;
  if (rescue !== undefined) return rescue;
  sweep.gate.reject(prepared.gateKey, facts);
  await openIncident(sweep, prepared, read.newest, facts);
  return { kind: 'credential', facts };
}

function rejectionIn(result: AttemptResult): FailureFacts | undefined {
  return result.kind === 'failed' && result.outcome.kind === 'credential' ? result.outcome.facts : undefined;
}

/** Undefined when there is no version before, or it is rejected as well. */
async function tryPrevious(
  sweep: SweepState,
  attempt: Attempt,
  read: UsableCredential,
  passedOver: FailureFacts,
): Promise<AttemptResult | undefined> {
  const { environment } = sweep;
  const { registration, gateKey } = attempt.prepared;
  const credential = await previousCredential(environment, registration, read.credential, passedOver.code);
  if (credential === undefined || !sweep.mayRedeem(nowSeconds(environment.clock))) return undefined;
  const result = await attemptAccount(sweep, { ...attempt, credential });
  if (rejectionIn(result) !== undefined) return undefined;
  const fallback: Fallback = { credential, passedOver };
  sweep.fallbacks.set(gateKey, fallback);
  await noteAccepted(sweep, attempt, read, passedOver, result);
  return result;
}

/** Only a refresh proves that the client was accepted: other answers may come before its credential is looked at. */
async function noteAccepted(
  sweep: SweepState,
  { prepared }: Attempt,
  read: UsableCredential,
  passedOver: FailureFacts | undefined,
  result: AttemptResult,
): Promise<void> {
  if (result.kind !== 'refreshed') return;
  if (passedOver === undefined) await closeIncident(sweep, prepared, read);
  else await noteFallback(sweep, prepared, read.newest, passedOver);
}
