import { parseSecretName } from '../../src/accounts/account-id.ts';
import { heartbeatName } from '../../src/accounts/heartbeat.ts';

export type VaultRole = 'credentials' | 'tokens';

/** Every request that a sweep makes, by what it is for; a crash or fault can strike at each. */
export const steps = [
  'credentials list',
  'credentials set heartbeat',
  'credentials get heartbeat',
  'credentials get registration',
  'credentials get client secret',
  'credentials list_versions client secret',
  'credentials get refresh token',
  'entra redeem',
  'credentials set refresh token',
  'credentials update refresh token',
  'credentials update registration',
  'credentials update client secret',
  'credentials update heartbeat',
  'tokens list',
  'tokens set heartbeat',
  'tokens get heartbeat',
  'tokens set access token',
  'tokens update heartbeat',
] as const;

export type Step = (typeof steps)[number];

/** Steps that each sweep takes once, however many accounts it has. */
export function isOncePerSweep(step: Step): boolean {
  return step.endsWith('heartbeat') || step.endsWith('list');
}

const rareSteps: ReadonlySet<Step> = new Set([
  'credentials update registration',
  'credentials update client secret',
  'credentials list_versions client secret',
]);

/** Steps that a sweep takes for every account that is due. */
export function isFrequent(step: Step): boolean {
  return !isOncePerSweep(step) && !rareSteps.has(step);
}

interface StepRequest {
  readonly place: VaultRole | 'entra';
  readonly operation: string;
  /** Of the secret; empty where none is named. */
  readonly name: string;
}

const kindWords = {
  registration: 'registration',
  refreshToken: 'refresh token',
  accessToken: 'access token',
} as const;

function secretKind(name: string): string {
  if (name === heartbeatName) return 'heartbeat';
  const parsed = parseSecretName(name);
  return parsed === undefined ? 'client secret' : kindWords[parsed.kind];
}

/** The step that a request is. */
export function stepOf({ place, operation, name }: StepRequest): Step {
  const text = name === '' ? `${place} ${operation}` : `${place} ${operation} ${secretKind(name)}`;
  return text as Step;
}
