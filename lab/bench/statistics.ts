/** The middle value, or the mean of the two in the middle. Throws RangeError for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('a median needs a value');
  return (lower + upper) / 2;
}

/** The items in the same circle, begun `by` places later, so that no variant always goes first. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Events per second in the steady state: the slope of the least-squares line through the middle 80 % of the moments
 * (milliseconds, ascending). Neither start-up nor the tail counts, and no single late event decides.
 */
export function steadyRatePerSecond(moments: readonly number[]): number {
  const edge = Math.floor(moments.length / 10);
  const middle = moments.slice(edge, moments.length - edge);
  const meanMoment = mean(middle);
  const meanIndex = (middle.length - 1) / 2;
  let covariance = 0;
  let variance = 0;
  for (const [index, moment] of middle.entries()) {
    covariance += (moment - meanMoment) * (index - meanIndex);
    variance += (moment - meanMoment) ** 2;
  }
  return (covariance / variance) * 1000;
}
