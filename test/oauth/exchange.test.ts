import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type TransportFailure, transportFailure } from '../../src/oauth/exchange.ts';

const tls =
  'ERR_SSL_WRONG_VERSION_NUMBER ERR_TLS_CERT_ALTNAME_INVALID EPROTO CERT_HAS_EXPIRED CERT_NOT_YET_VALID';
const unknownIssuer =
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT_LOCALLY DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN';
const failures: ReadonlyArray<readonly [codes: string, failure: TransportFailure]> = [
  ['ENOTFOUND EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'connection_refused'],
  ['UND_ERR_CONNECT_TIMEOUT ETIMEDOUT', 'connect_timeout'],
  [`${tls} ${unknownIssuer}`, 'tls'],
  ['ECONNRESET EPIPE', 'connection_reset'],
  ['UND_ERR_SOCKET', 'connection_closed'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE UND_ERR_HEADERS_OVERFLOW', 'response_too_large'],
  ['EHOSTUNREACH toString ', 'other'],
];

describe('a transport error', () => {
  for (const [codes, failure] of failures) {
    for (const code of codes.split(' '))
      test(`with code ${code || '(empty)'} is ${failure}`, () =>
        assert.equal(transportFailure(Object.assign(new Error('x'), { code })), failure));
  }

  test('without a code is other', () => {
    assert.equal(transportFailure(new Error('ECONNRESET')), 'other');
    assert.equal(transportFailure(Object.assign(new Error('x'), { code: 42 })), 'other');
    assert.equal(transportFailure(undefined), 'other');
  });
});
