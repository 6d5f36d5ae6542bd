import type { Reason } from '../reason.ts';
import type { CatalogueRow } from './error-catalogue-schema.ts';
import type { TransportFailure } from './exchange.ts';
import type { MalformedField } from './token-response.ts';

const transportCauses: Readonly<Record<TransportFailure, Omit<Reason, 'code'>>> = {
  dns: {
    cause: "The name of the authority's host was not found.",
    remedy:
      "Wait, it is retried; if it lasts, check the registration's authority and the function app's DNS.",
  },
  connection_refused: {
    cause: "The authority's host refused the connection.",
    remedy: 'Wait, it is retried; if it lasts, check the firewall and routes between function app and Entra.',
  },
  connect_timeout: {
    cause: 'No connection to the authority came about in time.',
    remedy: 'Wait, it is retried; if it lasts, check the firewall and routes between function app and Entra.',
  },
  tls: {
    cause: 'No trusted TLS connection to the authority came about.',
    remedy: 'If it lasts, find what intercepts TLS on the way; never switch the certificate check off.',
  },
  connection_reset: {
    cause: 'The connection to the authority was reset.',
    remedy:
      'Wait, it is retried; if it lasts, look for a firewall or gateway that cuts connections to Entra.',
  },
  connection_closed: {
    cause: 'The connection closed before the answer was complete.',
    remedy: 'Wait, it is retried; if it lasts, look for a proxy or gateway that closes connections to Entra.',
  },
  response_timeout: {
    cause: 'Entra did not answer in time.',
    remedy: 'Wait, it is retried; if it lasts, check the Entra service health page and the network.',
  },
  response_too_large: {
    cause: 'The answer was far larger than any token answer.',
    remedy: 'Find the proxy or gateway that answers in place of Entra.',
  },
  other: {
    cause: 'The request failed on the way for a reason without a name of its own.',
    remedy: "Wait, it is retried; if it lasts, check the network and the function app's log.",
  },
};

/** Why a request got no answer. */
export function explainTransport(failure: TransportFailure): Reason {
  return { code: failure, ...transportCauses[failure] };
}

/** A failure of which only the HTTP status is known: an answer that Entra did not write, or a server's fault. */
export function rowForStatus(status: number): CatalogueRow {
  return { code: `http_${status}`, ...statusCause(status) };
}

function statusCause(status: number): Omit<CatalogueRow, 'code'> {
  if (status === 429) return asksToWait;
  if (status === 408 || status >= 500 || status < 300) return serverFault;
  if (status < 400) return redirect;
  return clientErrorCauses[status] ?? intermediary;
}

/** An answer that asks to wait, by Retry-After, whatever its status. */
export function rowForRetryAfter(status: number): CatalogueRow {
  return { code: `http_${status}`, ...asksToWait };
}

const asksToWait: Omit<CatalogueRow, 'code'> = {
  class: 'throttled',
  cause: 'The endpoint asks to wait before the next request.',
  remedy:
    'Wait, it is retried when permitted; if it lasts, find what else sends requests for this client or tenant.',
};

const serverFault: Omit<CatalogueRow, 'code'> = {
  class: 'transient',
  cause: 'Entra, or a gateway before it, failed for the moment.',
  remedy: 'Wait, it is retried; if it lasts, check the Entra service health page.',
};

const redirect: Omit<CatalogueRow, 'code'> = {
  class: 'configuration',
  cause: 'The endpoint answered with a redirect, which is never followed: the request carries secrets.',
  remedy: "Correct the registration's authority, or find the proxy that redirects requests to Entra.",
};

const intermediary: Omit<CatalogueRow, 'code'> = {
  class: 'configuration',
  cause: 'An intermediary answered, not Entra: the answer is no OAuth error.',
  remedy: "Find the proxy, firewall or gateway on the way to the authority, and check the authority's host.",
};

const clientErrorCauses: Readonly<Record<number, Omit<CatalogueRow, 'code'>>> = {
  403: {
    class: 'configuration',
    cause: 'An intermediary answered, not Entra: it forbids the request.',
    remedy: "Let the proxy or firewall on the way pass requests to the authority's token endpoint.",
  },
  404: {
    class: 'configuration',
    cause: 'An intermediary answered, not Entra, or the host has no such token endpoint.',
    remedy: "Check the registration's authority and tenant, and the proxies on the way.",
  },
  407: {
    class: 'configuration',
    cause: 'An intermediary answered, not Entra: a proxy wants credentials.',
    remedy:
      "Let the function app's network reach the authority without that proxy, or have the proxy admit it.",
  },
};

/** An error of Entra's in words the catalogue does not know. HTTP 401 goes with `invalid_client` (RFC 6749 section 5.2). */
export function rowForUnknownError(status: number): CatalogueRow {
  return {
    code: `http_${status}`,
    class: status === 401 ? 'credential' : 'configuration',
    cause: 'Entra refused the request with an error that the catalogue does not know.',
    remedy:
      "Look the code up in Microsoft's list of authentication error codes, and the trace id in the sign-in log.",
  };
}

/** Why an answer with a status of success cannot be used. */
export function explainMalformed(field: MalformedField): Reason {
  const remedy =
    'No access token was published; look for a proxy that alters answers, else open a support case.';
  if (field === 'body') return { code: 'malformed_body', cause: 'The answer is no JSON object.', remedy };
  if (field === 'error') {
    return { code: 'error_in_success', cause: 'The answer says success and carries an error.', remedy };
  }
  return { code: `malformed_${field}`, cause: `The answer's ${field} is missing or not usable.`, remedy };
}
