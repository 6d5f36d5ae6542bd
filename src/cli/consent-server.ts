import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beginConsent } from '../consent/begin-consent.ts';
import { createLink, openLink, type Refusal } from '../consent/consent-account.ts';
import { cookieLifetimeSeconds } from '../consent/consent-cookie.ts';
import { completedNotice, explainRefusedLink, noticePage, strangerPage } from '../consent/consent-pages.ts';
import {
  attemptCookie,
  type ConsentEnd,
  type ConsentEnvironment,
  callbackPath,
  endConsent,
} from '../consent/consent-routes.ts';
import { type PageResponse, redirect } from '../http/page.ts';
import { CommandError, exitCodes, usageError } from './result.ts';
import type { Session } from './session.ts';

const refused = (refusal: Refusal): CommandError => {
  const { code, cause, remedy } = explainRefusedLink(refusal);
  return new CommandError(exitCodes.needsHuman, code, cause, remedy);
};

/** A consent that was begun here; what must come back is kept in this process instead of the browser. */
async function begin(environment: ConsentEnvironment, id: string) {
  const minted = await createLink(environment, id);
  if (minted.kind === 'refused') throw refused(minted);
  const account = await openLink(environment, id, minted.link);
  if ('kind' in account) throw refused(account);
  return beginConsent(environment, account, minted.link, environment.publicUrl + callbackPath);
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(usageError(`Port ${port} is not free here.`, 'Name another one, or leave --port out.')),
    );
    // Loopback only: nobody else on the network may end a consent here (RFC 8252 section 8.3).
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

function send(response: ServerResponse, { status, headers, body }: PageResponse): void {
  response.writeHead(status, { ...headers, connection: 'close' }).end(body);
}

const notFound: PageResponse = { status: 404, headers: {}, body: '' };

function afterwards(end: ConsentEnd): PageResponse {
  return noticePage(end.kind === 'completed' ? completedNotice(end) : end.notice);
}

/** One consent's pages: the way to Entra, the way back, and what came of it under an address without the code. */
class ConsentPages {
  readonly #environment: ConsentEnvironment;
  readonly #begun: { readonly authorizeUrl: string; readonly cookie: string };
  /** Nobody but the one who reads the terminal knows it, so no other page can send the browser on from here. */
  readonly beginPath: string;
  readonly #ended: (end: ConsentEnd) => void;
  #end: ConsentEnd | undefined;

  constructor(
    environment: ConsentEnvironment,
    begun: { readonly authorizeUrl: string; readonly cookie: string },
    ended: (end: ConsentEnd) => void,
  ) {
    this.#environment = environment;
    this.#begun = begun;
    this.#ended = ended;
    this.beginPath = `/consent/${environment.createId()}`;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.#environment.publicUrl);
    const isMeant =
      request.method === 'GET' && request.headers.host === new URL(this.#environment.publicUrl).host;
    if (!isMeant) return send(response, notFound);
    if (url.pathname === this.beginPath) return send(response, redirect(this.#begun.authorizeUrl));
    if (url.pathname === callbackPath) return this.#callback(url, response);
    if (url.pathname !== '/done' || this.#end === undefined) return send(response, notFound);
    const end = this.#end;
    response.once('close', () => this.#ended(end));
    send(response, afterwards(end));
  }

  async #callback(url: URL, response: ServerResponse): Promise<void> {
    const end = await endConsent(this.#environment, url, attemptCookie(this.#begun.cookie));
    if (end === undefined) return send(response, strangerPage());
    if (end.kind === 'paused') return send(response, noticePage(end.notice));
    this.#end = end;
    send(response, redirect('/done'));
  }
}

/**
 * Lets the user of this machine consent: a server on loopback, at which the way to Entra begins and ends.
 *
 * @param port 0 for any free one
 * @throws CommandError when the account cannot be consented for, or nobody has come back after half an hour
 */
export async function consentInBrowser(
  { environment, terminal }: Session,
  id: string,
  port: number,
): Promise<ConsentEnd> {
  const server = createServer();
  let patience: NodeJS.Timeout | undefined;
  try {
    const publicUrl = await listen(server, port);
    const here: ConsentEnvironment = { ...environment, publicUrl };
    const begun = await begin(here, id);
    return await new Promise<ConsentEnd>((resolve, reject) => {
      const pages = new ConsentPages(here, begun, resolve);
      server.on('request', (request, response) => {
        pages.answer(request, response).catch((error: unknown) => {
          send(response, { status: 503, headers: {}, body: 'The terminal says what went wrong.' });
          reject(error);
        });
      });
      patience = setTimeout(() => reject(tooLate(id)), cookieLifetimeSeconds * 1000);
      terminal.tell(
        `Open this address in a browser of this machine; Ctrl-C ends it:\n  ${publicUrl}${pages.beginPath}`,
      );
    });
  } finally {
    clearTimeout(patience);
    server.close();
    server.closeAllConnections();
  }
}

const tooLate = (id: string): CommandError =>
  new CommandError(
    exitCodes.needsHuman,
    'consent_not_completed',
    `Nobody has come back from Microsoft for "${id}" in half an hour.`,
    `Start again. If Microsoft refused the redirect URI, register http://localhost${callbackPath} (type Web) with the application.`,
  );
