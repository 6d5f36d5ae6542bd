import { parseJsonObject } from '../json.ts';
import { omitUndefined } from '../omit-undefined.ts';
import type { Reason } from '../reason.ts';
import type { EpochSeconds } from '../time.ts';
import { parseRetryAfter } from './answer-times.ts';
import {
  aadstsCode,
  explainTransport,
  findAadsts,
  findFamily,
  findOAuthError,
  findSuberror,
  rowForRetryAfter,
  rowForStatus,
  rowForUnknownError,
} from './error-catalogue.ts';
import type { CatalogueRow } from './error-catalogue-schema.ts';
import type { Exchange } from './exchange.ts';
import type { FailureClass, FailureFacts, Outcome } from './outcome.ts';
import { parseTokenError, readTraceIds, type TokenError, type TraceIds } from './token-error.ts';
import { explainMalformed, parseTokenResponse } from './token-response.ts';

type Answer = Extract<Exchange, { kind: 'answered' }>;

/** What an answer says, in parts that may be shown. */
interface Evidence {
  readonly httpStatus: number;
  readonly error: TokenError | undefined;
  readonly traceIds: TraceIds;
}

/** A row and whether the catalogue knew the code. */
interface Ruling {
  readonly row: CatalogueRow;
  readonly codeKnown: boolean;
}

/**
 * Says what an exchange with the token endpoint means. The order: HTTP status, throttling and transient codes,
 * suberror, AADSTS number, the family of an unknown number, OAuth `error`; wording never counts. `now`, when the answer
 * had arrived, counts only against dates (`Date`, `expires_on`, Retry-After). Never throws.
 */
export function judge(exchange: Exchange, now: EpochSeconds): Outcome {
  switch (exchange.kind) {
    case 'not_sent':
      return { kind: 'transient', facts: { ...explainTransport(exchange.failure), codeKnown: true } };
    case 'outcome_unknown':
      return { kind: 'unknown_outcome', facts: { ...explainTransport(exchange.failure), codeKnown: true } };
    case 'answered':
      return isSuccess(exchange.status) ? judgeSuccess(exchange, now) : judgeFailure(exchange, now);
    default:
      return exchange satisfies never;
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function judgeSuccess(answer: Answer, now: EpochSeconds): Outcome {
  const { durationMilliseconds, headers } = answer;
  const response = parseTokenResponse(
    answer.body,
    omitUndefined({ now, durationMilliseconds, date: headers['date'] }),
  );
  if (response.kind === 'granted') {
    return { kind: 'refreshed', grant: response.grant, ...readTraceIds(undefined, answer.headers) };
  }
  return {
    kind: 'malformed',
    refreshTokenLost: response.refreshTokenLost,
    ...omitUndefined({ brought: response.brought }),
    facts: gatherFacts(explainMalformed(response.field), true, gatherEvidence(answer)),
  };
}

function judgeFailure(answer: Answer, now: EpochSeconds): Outcome {
  const evidence = gatherEvidence(answer);
  const { error, httpStatus } = evidence;
  const retryAfterSeconds = parseRetryAfter(answer.headers['retry-after'], now);
  const { row, codeKnown } =
    judgeStatus(httpStatus, retryAfterSeconds, error) ?? judgeError(error, httpStatus);
  const facts = gatherFacts(row, codeKnown, evidence);
  switch (row.class) {
    case 'reconsent':
      return { kind: 'reconsent', ...weighGrant(row, codeKnown, error), facts };
    case 'throttled':
      return {
        kind: 'throttled',
        facts,
        ...omitUndefined({ retryAfterSeconds: rest(row, retryAfterSeconds) }),
      };
    default:
      return { kind: row.class, facts };
  }
}

function gatherEvidence({ status, headers, body }: Answer): Evidence {
  const answer = parseJsonObject(body.reveal());
  const error = answer === undefined ? undefined : parseTokenError(answer);
  return { httpStatus: status, error, traceIds: readTraceIds(answer, headers) };
}

/** The statuses that decide alone; a code of the same class in the body explains better than the status does. */
function judgeStatus(
  status: number,
  retryAfterSeconds: number | undefined,
  error: TokenError | undefined,
): Ruling | undefined {
  const byStatus = rowForStatus(status);
  if (status >= 300 && status < 400) return known(byStatus);
  if (status === 429 || (retryAfterSeconds ?? 0) > 0) {
    return known(lastRow(error, 'throttled') ?? rowForRetryAfter(status));
  }
  if (byStatus.class === 'transient') return known(lastRow(error, 'transient') ?? byStatus);
  return status === 407 ? known(byStatus) : undefined;
}

function judgeError(error: TokenError | undefined, status: number): Ruling {
  if (error === undefined) return known(rowForStatus(status));
  const row = judgeRetryLater(error) ?? judgeSuberror(error) ?? lastRow(error);
  const verdict = row === undefined ? judgeUnknown(error, status) : known(row);
  // An unauthenticated client proves nothing about the user's grant.
  const clientRefused = error.oauthError === 'invalid_client' && verdict.row.class === 'reconsent';
  return clientRefused ? judgeOAuthError(error, status) : verdict;
}

function known(row: CatalogueRow): Ruling {
  return { row, codeKnown: true };
}

/** A code that passes by itself outweighs all others: loop detection comes as `invalid_grant`. */
function judgeRetryLater(error: TokenError): CatalogueRow | undefined {
  return lastRow(error, 'throttled') ?? lastRow(error, 'transient');
}

/** A suberror decides; the number explains when both say the same. A policy stays one under `additional_action`. */
function judgeSuberror(error: TokenError): CatalogueRow | undefined {
  const bySuberror = findSuberror(error.suberror ?? '');
  const byNumber = lastRow(error);
  const policyStays = error.suberror === 'additional_action' && byNumber?.class === 'policy';
  return bySuberror !== undefined && (policyStays || byNumber?.class === bySuberror.class)
    ? byNumber
    : bySuberror;
}

/** A number without a row: its family, unless the OAuth error says that it passes or that the client is meant. */
function judgeUnknown(error: TokenError, status: number): Ruling {
  const byWord = judgeOAuthError(error, status);
  const family = error.numbers.map(findFamily).findLast((row) => row !== undefined);
  const wordDecides = byWord.row.class === 'transient' || error.oauthError === 'invalid_client';
  return family === undefined || (wordDecides && family.class !== 'transient')
    ? byWord
    : { row: family, codeKnown: false };
}

function judgeOAuthError(error: TokenError, status: number): Ruling {
  const number = error.numbers.findLast((candidate) => findAadsts(candidate) === undefined);
  const row = findOAuthError(error.oauthError ?? '');
  if (number === undefined && row !== undefined) return known(row);
  const fallback = row ?? rowForUnknownError(status);
  const code = number === undefined ? fallback.code : aadstsCode(number);
  return { row: { ...fallback, code }, codeKnown: false };
}

/** The row of the last number that the catalogue knows (in a class): the last is the most specific. */
function lastRow(error: TokenError | undefined, among?: FailureClass): CatalogueRow | undefined {
  return error?.numbers
    .map((number) => findAadsts(number, error.oauthError))
    .findLast((row) => row !== undefined && (among === undefined || row.class === among));
}

function weighGrant(row: CatalogueRow, codeKnown: boolean, error: TokenError | undefined) {
  const conclusive = row.final === true || findSuberror(error?.suberror ?? '')?.final === true;
  const unclear = !codeKnown || row.olderRefreshTokenMayWork === true;
  return { conclusive, previousVersionMayWork: unclear && !conclusive };
}

function rest({ restSeconds }: CatalogueRow, retryAfterSeconds: number | undefined): number | undefined {
  return restSeconds === undefined ? retryAfterSeconds : Math.max(restSeconds, retryAfterSeconds ?? 0);
}

function gatherFacts(
  { code, cause, remedy }: Reason,
  codeKnown: boolean,
  { httpStatus, error, traceIds }: Evidence,
): FailureFacts {
  const { oauthError, suberror, claims } = error ?? {};
  return {
    code,
    codeKnown,
    cause,
    remedy,
    httpStatus,
    ...omitUndefined({ oauthError, suberror, claims }),
    ...traceIds,
  };
}
