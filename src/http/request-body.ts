/** Longest body that the app takes, in bytes: a form with a link, or a request for a refresh, has a few hundred. */
export const longestBodyBytes = 8192;

interface RequestWithBody {
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** The body as text; undefined when it announces, or turns out, to be longer than {@link longestBodyBytes}. */
export async function readBody(request: RequestWithBody): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > longestBodyBytes) return undefined;
  const text = await request.text();
  return Buffer.byteLength(text) > longestBodyBytes ? undefined : text;
}
