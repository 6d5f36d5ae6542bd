import { FunctionsHostError } from './error.ts';

/** A route template of an HTTP function, below the `/api` prefix. */
export interface Route {
  /** The path's parameters when the path, without prefix, is of this route; undefined otherwise. */
  match(path: string): Readonly<Record<string, string>> | undefined;
}

/**
 * Reads a route template: literal segments and `{name}`. Letter case does not matter (routing: TemplateMatcher).
 * Throws `unsupported` for constraints, optional and catch-all parameters.
 */
export function parseRoute(template: string, functionName: string): Route {
  const segments = split(template.replace(/^\//, '')).map((segment) => parseSegment(segment, functionName));
  return {
    match: (path) => {
      const parts = split(path);
      if (parts.length !== segments.length) return undefined;
      const params: Record<string, string> = {};
      for (const [index, segment] of segments.entries()) {
        if (!segment(parts[index] ?? '', params)) return undefined;
      }
      return params;
    },
  };
}

/** Whether a part of the path fits; a parameter is noted in `params`. */
type Segment = (part: string, params: Record<string, string>) => boolean;

function parseSegment(text: string, functionName: string): Segment {
  const parameter = /^\{([A-Za-z_]\w*)\}$/.exec(text)?.[1];
  if (parameter !== undefined) {
    return (part, params) => {
      params[parameter] = part;
      return part !== '';
    };
  }
  if (/[{}]/.test(text)) {
    throw new FunctionsHostError('unsupported', `function "${functionName}": route segment "${text}"`);
  }
  return (part) => part.toLowerCase() === text.toLowerCase();
}

/** One slash at the end does not matter; any other empty segment fits nothing (routing: TemplateMatcher). */
const split = (path: string): string[] => path.replace(/\/$/, '').split('/').map(decode);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
