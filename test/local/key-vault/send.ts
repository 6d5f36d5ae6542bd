import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { acceptedToken } from './harness.ts';

/** A request without the SDK. */
export interface Call {
  readonly method?: string;
  readonly body?: object | string;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
}

/** Sends one request to an emulator. `path` gets the API version unless it brings one. */
export async function send(
  emulator: { readonly url: string; readonly certificate: string },
  path: string,
  call: Call = {},
) {
  const { method = 'GET', body = '', token = acceptedToken, headers = {} } = call;
  const url = new URL(path, emulator.url);
  if (!/[?&]api(-|%2D)version=/.test(url.search)) {
    url.search += `${url.search === '' ? '?' : '&'}api%2Dversion=7.6`;
  }
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const outgoing = request(url, {
    method,
    agent: new Agent({ ca: emulator.certificate }),
    headers: { ...authorization, ...headers },
  });
  outgoing.end(typeof body === 'string' ? body : JSON.stringify(body));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on('response', resolve).on('error', reject);
  });
  const answer = await text(response);
  return {
    status: response.statusCode,
    headers: response.headers,
    body: answer === '' ? undefined : JSON.parse(answer),
  };
}
