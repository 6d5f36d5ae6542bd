/** The value of a command's option. @throws TypeError that names the option, for anything but a whole number from `least` on */
export function wholeNumber(option: string, text: string, least = 0): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`--${option} must be a whole number of ${least} or more, not "${text}"`);
}
