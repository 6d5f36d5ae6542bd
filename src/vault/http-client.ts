import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
  RestError,
} from '@azure/core-rest-pipeline';
import type { Dispatcher } from 'undici';
import { createDispatcher } from '../http/dispatcher.ts';
import { errorCode } from '../reason.ts';
import { proxyRefused } from './vault-errors.ts';

/** A page of 25 secrets with all their tags is below 300 KB. */
const responseLimitBytes = 8 * 1024 * 1024;

/** Vault calls have a limit of 10 s of their own; the identity SDK sets none, and its endpoint has been seen to hang. */
const longestRequestMilliseconds = 30_000;

const decoders: Readonly<Record<string, (body: Buffer) => Promise<Buffer>>> = {
  gzip: (body) => promisify(gunzip)(body, { maxOutputLength: responseLimitBytes }),
  deflate: (body) => promisify(inflate)(body, { maxOutputLength: responseLimitBytes }),
};

/** The codes by which the SDK knows that it may try again, for those of undici that mean the same. */
const sdkCodes: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_SOCKET: 'ECONNRESET',
  // The proxy refused to make the connection, or broke it off while it did.
  UND_ERR_ABORTED: proxyRefused,
  UND_ERR_PRX_CONN: proxyRefused,
  UND_ERR_PRX_TLS: proxyRefused,
};

function codeOf(error: unknown): string {
  const code = errorCode(error);
  return code === undefined ? RestError.REQUEST_SEND_ERROR : (sdkCodes[code] ?? code);
}

/** Known to the SDK by its name: nothing repeats it. */
const abortError = (): Error => Object.assign(new Error('The request was aborted.'), { name: 'AbortError' });

/** Ends with the request's own signal or time limit or with ours, whichever comes first. */
function endOf(
  { abortSignal, timeout }: PipelineRequest,
  longestMilliseconds: number,
): {
  readonly signal: AbortSignal;
  readonly ended: Promise<never>;
  release(): void;
} {
  const end = new AbortController();
  const abort = (): void => end.abort();
  const timer = setTimeout(abort, timeout > 0 ? Math.min(timeout, longestMilliseconds) : longestMilliseconds);
  const ended = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(abortError()));
  });
  ended.catch(() => {});
  if (abortSignal?.aborted) abort();
  abortSignal?.addEventListener('abort', abort);
  const release = (): void => {
    clearTimeout(timer);
    abortSignal?.removeEventListener('abort', abort);
  };
  return { signal: end.signal, ended, release };
}

/** As the SDK's own client does: a token never leaves unencrypted by mistake. */
function refuseInsecure({ url, allowInsecureConnection }: PipelineRequest): void {
  if (new URL(url).protocol === 'https:' || allowInsecureConnection) return;
  throw new Error('The request is not over TLS.');
}

function bodyOf({ body }: PipelineRequest): string | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return body;
  throw new TypeError('Only text is sent to vaults and identity endpoints.');
}

/** Lets the SDKs of Key Vault and identity send through {@link createDispatcher}; their policies stay in force. */
export class UndiciHttpClient implements HttpClient {
  readonly #dispatcher: Dispatcher = createDispatcher({ responseLimitBytes });
  readonly #longestMilliseconds: number;

  /** @param longestMilliseconds of one request, its answer's body included; default 30,000 */
  constructor(longestMilliseconds = longestRequestMilliseconds) {
    this.#longestMilliseconds = longestMilliseconds;
  }

  /** @throws RestError without an answer, with the codes by which the SDK repeats; an `AbortError` when it was ended */
  async sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    refuseInsecure(request);
    const end = endOf(request, this.#longestMilliseconds);
    try {
      // undici heeds the signal only once it has a connection.
      const answer = await Promise.race([this.#begin(request, end.signal), end.ended]);
      const headers = createHttpHeaders();
      for (const [name, value] of Object.entries(answer.headers))
        if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
      return { request, status: answer.statusCode, headers, bodyAsText: await readText(answer, request) };
    } catch (error) {
      throw end.signal.aborted ? abortError() : error;
    } finally {
      end.release();
    }
  }

  async #begin(request: PipelineRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { origin, pathname, search } = new URL(request.url);
    try {
      return await this.#dispatcher.request({
        origin,
        path: pathname + search,
        method: request.method,
        headers: request.headers.toJSON(),
        body: bodyOf(request),
        signal,
      });
    } catch (error) {
      throw new RestError('The request was not answered.', { code: codeOf(error), request });
    }
  }
}

async function readText(answer: Dispatcher.ResponseData, request: PipelineRequest): Promise<string> {
  try {
    const body = Buffer.from(await answer.body.arrayBuffer());
    const decode = decoders[String(answer.headers['content-encoding'] ?? '').toLowerCase()];
    return (decode === undefined || body.length === 0 ? body : await decode(body)).toString();
  } catch {
    throw new RestError('The answer could not be read.', { code: RestError.PARSE_ERROR, request });
  }
}
