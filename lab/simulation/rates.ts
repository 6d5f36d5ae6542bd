import { secondsPerDay, secondsPerHour, secondsPerMinute } from '../../src/time.ts';

/**
 * How often things go wrong: far more often than in any real month, so that rare combinations come about. Shares are
 * probabilities for each opportunity, `mean…` the average time between two, `…Seconds` pairs are least and most.
 */
export const rates = {
  /** Of vault requests that an account needs. */
  vaultFaultShare: 0.004,
  /** Of vault requests that a sweep makes once. */
  onceFaultShare: 0.002,
  /** Of the pages of a listing, of which there are many: one that fails ends the sweep. */
  pageFaultShare: 0.0003,
  /** Of processes that start: their identity endpoint fails at first. */
  coldIdentityShare: 0.3,
  coldIdentitySeconds: [1, 120],
  /** After which a token that does not come is given up. */
  identityLimitSeconds: 10,
  /** Of ticks: a vault is silent from then on. Shorter than an outage that may cost readers anything. */
  silentTickShare: 0.03,
  silentTickSeconds: [10, 120],
  /** Of token requests. */
  entraFaultShare: 0.015,
  /** Of token requests: begins an episode of 70000 for the grant. */
  doubtShare: 0.002,
  /** assumed: shorter than the two minutes after which the refresher believes it … */
  doubtSeconds: [0, 110],
  /** … and not back for the same grant before this time is over. */
  doubtRestSeconds: secondsPerHour,
  crashShare: 0.06,
  missedTickShare: 0.01,
  /** Ticks missed in a row. */
  missedTicks: [1, 3],
  lateTickShare: 0.03,
  lateTickSeconds: [secondsPerMinute, 25 * secondsPerMinute],
  overlapShare: 0.05,
  /** How much later the second sweep begins, at most: at the same time, or while the first one is in its rounds. */
  overlapSeconds: [1, 3 * secondsPerMinute],
  /** Of each of: credentials vault, tokens vault, Entra. */
  meanSecondsBetweenOutages: 2 * secondsPerDay,
  failoverSeconds: [secondsPerHour, 6 * secondsPerHour],
  forbiddenSeconds: [10 * secondsPerMinute, 3 * secondsPerHour],
  downSeconds: [2 * secondsPerMinute, secondsPerHour],
  throttledSeconds: [2 * secondsPerMinute, 30 * secondsPerMinute],
  /** Of requests while a vault or Entra throttles. */
  throttledShare: 0.6,
  /** Of one account. */
  meanSecondsBetweenRevocations: 30 * secondsPerDay,
  /** Of one account: somebody stores a new refresh token although the old one is good. */
  meanSecondsBetweenReseedings: 60 * secondsPerDay,
  consentSeconds: [secondsPerHour, 12 * secondsPerHour],
  /** Of one client. */
  meanSecondsBetweenSecretEnds: 5 * secondsPerDay,
  /** Of secrets that end: renewed only afterwards. */
  renewedTooLateShare: 0.6,
  renewalSeconds: [30 * secondsPerMinute, 8 * secondsPerHour],
  /** Shorter than Entra's 90 days: a refresh token that is never replaced dies within the simulated time. */
  refreshTokenLifetimeSeconds: 3 * secondsPerDay,
} as const;
