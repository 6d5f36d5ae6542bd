export type Format = 'html' | 'json';

/** How an Accept header likes a media type: the weight of the most specific range, and how specific it is, 3 to 1. */
function liking(
  accept: string,
  type: string,
  subtype: string,
): readonly [weight: number, specificity: number] {
  const weights = new Map(
    accept
      .toLowerCase()
      .split(',')
      .map((range) => {
        const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
        const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
        return [name, Number(quality) || 0] as const;
      }),
  );
  const ranges = [`${type}/${subtype}`, `${type}/*`, '*/*'];
  const index = ranges.findIndex((range) => weights.has(range));
  const weight = weights.get(ranges[index] ?? '') ?? 0;
  return weight === 0 ? [0, 0] : [weight, ranges.length - index];
}

/**
 * The format that the client likes better (RFC 9110, 12.5.1), among equals the one that it names more precisely, and
 * else the preset one.
 */
export function formatOf(accept: string | undefined, preset: Format): Format {
  if (accept === undefined) return preset;
  const html = liking(accept, 'text', 'html');
  const json = liking(accept, 'application', 'json');
  const difference = html[0] - json[0] || html[1] - json[1];
  if (difference === 0) return preset;
  return difference > 0 ? 'html' : 'json';
}
