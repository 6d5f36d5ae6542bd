import type { Page } from 'playwright-core';

/** What a person has to read, and what it stands on, as the browser computes it. */
interface ReadableText {
  readonly text: string;
  readonly color: string;
  readonly background: string;
}

/** Every text of a page with its colours; the marks that the stylesheet adds and placeholders among them. */
export function readableTexts(page: Page): Promise<ReadableText[]> {
  return page.locator('body, body *').evaluateAll((elements) => {
    const [{ ownerDocument }] = elements as [(typeof elements)[number]];
    const styleOf = (element: unknown, pseudo?: string) =>
      ownerDocument.defaultView.getComputedStyle(element, pseudo);
    const sample = ownerDocument.createElement('span');
    ownerDocument.body.append(sample);
    sample.style.backgroundColor = 'Canvas';
    const canvas: string = styleOf(sample).backgroundColor;
    sample.remove();
    const backgroundOf = (element: (typeof elements)[number] | null): string => {
      if (element === null) return canvas;
      const { backgroundColor } = styleOf(element);
      return backgroundColor === 'rgba(0, 0, 0, 0)' ? backgroundOf(element.parentElement) : backgroundColor;
    };
    const texts: ReadableText[] = [];
    for (const element of elements) {
      const background = backgroundOf(element);
      const add = (text: string, pseudo?: string) => {
        if (text.trim() !== '') texts.push({ text, background, color: styleOf(element, pseudo).color });
      };
      for (const node of element.childNodes) if (node.nodeType === node.TEXT_NODE) add(node.data);
      if (styleOf(element, '::before').content !== 'none')
        add(styleOf(element, '::before').content, '::before');
      if ('placeholder' in element) add(element.placeholder, '::placeholder');
    }
    return texts;
  });
}

/** Relative luminance of an opaque colour (WCAG 2.2), as `getComputedStyle` writes it. */
function luminance(color: string): number {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(color)?.slice(1);
  if (channels === undefined) throw new RangeError(`not an opaque colour: ${color}`);
  const [red = 0, green = 0, blue = 0] = channels.map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of WCAG 2.2, from 1 to 21. */
export function contrastRatio(a: string, b: string): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}
