import type { ClientInfoFault, EntraFault, EntraFaults } from './entra-faults.ts';
import type { EntraState } from './entra-state.ts';
import { type EntraRequest, type EntraResponse, targetOf } from './wire.ts';

/** What becomes of a request on the wire. */
export type Delivery =
  | { readonly kind: 'answered'; readonly response: EntraResponse }
  /** Only the first half of the body arrives. */
  | { readonly kind: 'cut'; readonly response: EntraResponse }
  | { readonly kind: 'refused' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hanging' };

/** Lets the model answer, as far as the faults let it. The only waiting is the faults' own. */
export async function deliver(
  state: EntraState,
  faults: EntraFaults,
  request: EntraRequest,
): Promise<Delivery> {
  const fault = faultOf(state, faults, request);
  if (fault === undefined) return { kind: 'answered', response: state.serve(request) };
  await fault.before?.(request);
  if (fault.network === 'refused') return { kind: 'refused' };
  if (fault.network === 'reset_before') return { kind: 'reset' };
  if (fault.network === 'hang') return { kind: 'hanging' };
  const response = respond(state, fault, request);
  await fault.after?.(request, response);
  if (fault.delayMilliseconds !== undefined) await state.clock.sleep(fault.delayMilliseconds);
  if (fault.network === 'reset_after') return { kind: 'reset' };
  return { kind: fault.network === 'close_mid_body' ? 'cut' : 'answered', response };
}

/** A path of no endpoint meets no fault. */
function faultOf(state: EntraState, faults: EntraFaults, request: EntraRequest): EntraFault | undefined {
  const endpoint = faults.size === 0 ? undefined : targetOf(request.path)?.endpoint;
  return endpoint === undefined ? undefined : faults.take(state.subjectOf(request), endpoint);
}

function respond(state: EntraState, fault: EntraFault, request: EntraRequest): EntraResponse {
  const { answer, idToken, withholdsRefreshToken, grantedScope, clientInfo, retryAfterSeconds } = fault;
  const full = answer === undefined ? state.serve(request, idToken) : state.answer(request, answer);
  const named = clientInfo === undefined ? full : withMembers(full, { client_info: clientInfos[clientInfo] });
  const granted = grantedScope === undefined ? named : withMembers(named, { scope: grantedScope });
  const response = withholdsRefreshToken === true ? withoutRefreshToken(granted) : granted;
  if (retryAfterSeconds === undefined) return response;
  return { ...response, headers: { ...response.headers, 'retry-after': String(retryAfterSeconds) } };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64url');

const clientInfos: Readonly<Record<ClientInfoFault, string | undefined>> = {
  missing: undefined,
  no_base64: '%%%',
  no_json: base64('{"uid":'),
  no_ids: base64('{}'),
  no_guid: base64('{"uid":"68389ae2-62fa-4b18-91fe-53dd109d74f5-b2c_1_signin","utid":"contoso"}'),
};

const withoutRefreshToken = (response: EntraResponse): EntraResponse =>
  withMembers(response, { refresh_token: undefined, refresh_token_expires_in: undefined });

/** Undefined takes a member out. */
function withMembers(response: EntraResponse, members: Readonly<Record<string, unknown>>): EntraResponse {
  if (response.status !== 200) return response;
  return { ...response, body: JSON.stringify({ ...JSON.parse(response.body), ...members }) };
}
