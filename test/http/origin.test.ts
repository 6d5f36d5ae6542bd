import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLoopbackHost, parseOrigin } from '../../src/http/origin.ts';

describe('an origin', () => {
  const texts: ReadonlyArray<readonly [text: string, origin: string | undefined]> = [
    ['https://vault.example', 'https://vault.example'],
    ['https://vault.example/', 'https://vault.example'],
    ['HTTPS://Vault.Example', 'https://vault.example'],
    ['https://vault.example:443', 'https://vault.example'],
    ['https://vault.example:8443', 'https://vault.example:8443'],
    ['http://127.0.0.1:4711', 'http://127.0.0.1:4711'],
    ['http://[::1]:4711/', 'http://[::1]:4711'],
    ['https://vault.example/secrets', undefined],
    ['https://vault.example//', undefined],
    ['https://vault.example?a=b', undefined],
    ['https://vault.example#a', undefined],
    ['https://user@vault.example', undefined],
    ['https://:password@vault.example', undefined],
    ['ftp://vault.example', undefined],
    ['file:///', undefined],
    ['vault.example', undefined],
    ['https://', undefined],
    ['', undefined],
  ];
  for (const [text, origin] of texts) {
    test(`of "${text}" is ${origin ?? 'refused'}`, () => assert.equal(parseOrigin(text), origin));
  }
});

describe('a loopback host', () => {
  const hosts: ReadonlyArray<readonly [url: string, loopback: boolean]> = [
    ['http://127.0.0.1:4711', true],
    ['http://[::1]:4711', true],
    ['http://LOCALHOST', true],
    ['http://localhost.example', false],
    ['http://127.0.0.1.example', false],
    ['http://10.0.0.1', false],
  ];
  for (const [url, loopback] of hosts) {
    test(`${url}: ${loopback}`, () => assert.equal(isLoopbackHost(new URL(url).hostname), loopback));
  }
});
