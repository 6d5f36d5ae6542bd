import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ConsentRefusal, createLink, openLink } from '../consent/consent-account.ts';
import { beginConsent, cookieLifetimeSeconds } from '../consent/consent-attempt.ts';
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

const refused = (refusal: ConsentRefusal): CommandError => {
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

interface BegunConsent {
  readonly here: ConsentEnvironment;
  /** Nobody but the one who reads the terminal knows it, so no other page can send the browser on from here. */
  readonly beginPath: string;
  readonly authorizeUrl: string;
  readonly cookie: string;
}

/** One consent's pages: the way to Entra, the way back, and what came of it under an address without the code. */
function consentPages(
  { here, beginPath, authorizeUrl, cookie }: BegunConsent,
  ended: (end: ConsentEnd) => void,
) {
  let end: ConsentEnd | undefined;
  const comeBack = async (url: URL): Promise<PageResponse> => {
    const came = await endConsent(here, url, attemptCookie(cookie));
    if (came === undefined) return strangerPage();
    if (came.kind === 'paused') return noticePage(came.notice);
    end = came;
    return redirect('/done');
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', here.publicUrl);
    const isMeant = request.method === 'GET' && request.headers.host === new URL(here.publicUrl).host;
    if (!isMeant) return send(response, notFound);
    if (url.pathname === beginPath) return send(response, redirect(authorizeUrl));
    if (url.pathname === callbackPath) return send(response, await comeBack(url));
    if (url.pathname !== '/done' || end === undefined) return send(response, notFound);
    const came = end;
    response.once('close', () => ended(came));
    send(response, noticePage(came.kind === 'completed' ? completedNotice(came) : came.notice));
  };
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
    const beginPath = `/consent/${environment.createId()}`;
    return await new Promise<ConsentEnd>((resolve, reject) => {
      const answer = consentPages({ here, beginPath, ...begun }, resolve);
      server.on('request', (request, response) => {
        answer(request, response).catch((error: unknown) => {
          send(response, { status: 503, headers: {}, body: 'The terminal says what went wrong.' });
          reject(error);
        });
      });
      patience = setTimeout(() => reject(tooLate(id)), cookieLifetimeSeconds * 1000);
      const address = publicUrl + beginPath;
      terminal.tell(`Open this address in a browser of this machine; Ctrl-C ends it:\n  ${address}`);
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
