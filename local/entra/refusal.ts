import type { EndpointVersion } from '../../src/oauth/authority.ts';

/** A refusal by number, before trace ids and times are put in. */
export interface EntraRefusal {
  /** The AADSTS number. */
  readonly code: number;
  readonly message: string;
  /** The OAuth `error`. */
  readonly oauthError: string;
  readonly status: number;
  readonly suberror?: string;
  /** The Conditional Access challenge: JSON text. */
  readonly claims?: string;
  /** A less telling number that stands before this one. */
  readonly wrapper?: number;
}

/** The OAuth `error` of each number, as bodies were seen, documented or inferred; others are `invalid_grant`. */
const numbersByError: Readonly<Record<string, readonly number[]>> = {
  // 5000225: seen in azure-cli issue 32031, and with `invalid_grant` in 33547.
  interaction_required: [16000, 50097, 50105, 50158, 160021, 700020, 5000225],
  invalid_scope: [28000, 28002, 70011, 700022, 700023],
  invalid_request: [
    28003, 50027, 50059, 50107, 50128, 50142, 50147, 50149, 50194, 65006, 70004, 70007, 70021, 90002, 90004,
    90005, 90007, 90009, 90010, 90013, 90014, 90015, 90019, 90023, 90027, 90056, 90100, 90102, 90112, 90117,
    90121, 501491, 900144, 900561, 900971, 901002, 5002730, 9001023, 9002325, 9002326, 9002327, 9002331,
    9002332,
  ],
  login_required: [50058],
  server_error: [50000, 70012, 90036],
  invalid_resource: [50001, 500011, 650057],
  invalid_client: [
    50011, 50012, 50048, 70002, 70025, 700024, 700025, 700026, 700027, 700030, 700211, 700212, 700213, 700222,
    1000502, 7000214, 7000215, 7000216, 500112, 500113, 7000218, 7000222, 7000274, 7000277, 7002137, 7002138,
  ],
  temporarily_unavailable: [50033, 90006, 90012, 90024, 90033, 90055],
  unauthorized_client: [53005, 70001, 700011, 700016, 7000112, 7000229],
  consent_required: [65004],
  unsupported_grant_type: [70003],
  unsupported_response_type: [70005, 700054],
};

const errorByNumber = new Map(
  Object.entries(numbersByError).flatMap(([error, numbers]) =>
    numbers.map((number) => [number, error] as const),
  ),
);

const suberrorByNumber: Readonly<Record<number, string>> = {
  50034: 'bad_token',
  50055: 'user_password_expired',
  50072: 'basic_action',
  50074: 'basic_action',
  50076: 'basic_action',
  50078: 'basic_action',
  50079: 'basic_action',
  50155: 'device_authentication_failed',
  50173: 'bad_token',
  53000: 'additional_action',
  53001: 'message_only',
  53003: 'message_only',
  53005: 'protection_policy_required',
  65001: 'consent_required',
  70043: 'token_expired',
};

/** Where v1 still says `interaction_required`; v2 says `invalid_grant` since 2018. */
const interactionRequiredOnV1 = new Set([50072, 50074, 50076, 50078, 50079, 70043]);

const statusByError: Readonly<Record<string, number>> = {
  invalid_client: 401,
  server_error: 500,
  temporarily_unavailable: 503,
};

/**
 * The refusal for a number, with the OAuth error, suberror and HTTP status that belong to it.
 * assumed: numbers without a known OAuth error are `invalid_grant`; 90027 is `invalid_request`, 90012 and 90055
 * are `temporarily_unavailable`; `server_error` comes with HTTP 500.
 */
export function refusal(code: number, message: string, version: EndpointVersion = 'v2'): EntraRefusal {
  const onV1 = version === 'v1' && interactionRequiredOnV1.has(code);
  const oauthError = onV1 ? 'interaction_required' : (errorByNumber.get(code) ?? 'invalid_grant');
  const suberror = suberrorByNumber[code];
  return {
    code,
    message,
    oauthError,
    status: statusByError[oauthError] ?? 400,
    ...(suberror === undefined ? {} : { suberror }),
  };
}

/** What only the moment of the answer knows. */
export interface TraceFacts {
  readonly traceId: string;
  readonly correlationId: string;
  readonly nowMilliseconds: number;
}

/** The error body, as the token endpoint writes it. assumed: `error_uri` is always there. */
export function refusalBody(refused: EntraRefusal, trace: TraceFacts): string {
  const timestamp = entraTimestamp(trace.nowMilliseconds);
  return JSON.stringify({
    error: refused.oauthError,
    error_description: describe(refused, trace),
    error_codes: refused.wrapper === undefined ? [refused.code] : [refused.wrapper, refused.code],
    timestamp,
    trace_id: trace.traceId,
    correlation_id: trace.correlationId,
    error_uri: errorUri(refused),
    suberror: refused.suberror,
    claims: refused.claims,
  });
}

/** The `error_description`. */
export function describe(refused: EntraRefusal, trace: TraceFacts): string {
  const wrapper =
    refused.wrapper === undefined ? '' : `AADSTS${refused.wrapper}: Error validating credentials. `;
  return (
    `${wrapper}AADSTS${refused.code}: ${refused.message}\r\nTrace ID: ${trace.traceId}\r\n` +
    `Correlation ID: ${trace.correlationId}\r\nTimestamp: ${entraTimestamp(trace.nowMilliseconds)}`
  );
}

/** The `error_uri`. */
export function errorUri(refused: EntraRefusal): string {
  return `https://login.microsoftonline.com/error?code=${refused.code}`;
}

/** `2016-04-11 18:59:01Z`: a blank, no T. */
function entraTimestamp(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
