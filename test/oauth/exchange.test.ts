import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type TransportFailure, transportFailure } from '../../src/oauth/exchange.ts';

const failures: ReadonlyArray<readonly [code: string, failure: TransportFailure]> = [
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'connection_refused'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect_timeout'],
  ['ETIMEDOUT', 'connect_timeout'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['EPROTO', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['CERT_NOT_YET_VALID', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['ECONNRESET', 'connection_reset'],
  ['EPIPE', 'connection_reset'],
  ['UND_ERR_SOCKET', 'connection_closed'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'response_too_large'],
  ['UND_ERR_HEADERS_OVERFLOW', 'response_too_large'],
  ['EHOSTUNREACH', 'other'],
  ['toString', 'other'],
  ['', 'other'],
];

describe('a transport error', () => {
  for (const [code, failure] of failures) {
    test(`with code ${code || '(empty)'} is ${failure}`, () => {
      assert.equal(transportFailure(Object.assign(new Error('x'), { code })), failure);
    });
  }

  test('without a code is other', () => {
    assert.equal(transportFailure(new Error('ECONNRESET')), 'other');
    assert.equal(transportFailure(Object.assign(new Error('x'), { code: 42 })), 'other');
    assert.equal(transportFailure(undefined), 'other');
  });
});
