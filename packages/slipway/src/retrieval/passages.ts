// A document -> passages: paragraphs under the headings that they stand below. Markdown's headings (#) are known, its lists stay
// together, its code blocks too; a paragraph that is longer than a passage may be is cut between sentences.

export interface Passage {
  readonly document: string;
  /** The document's first heading, or its name. */
  readonly title: string;
  /** The headings above, the nearest last, without the title. */
  readonly section: string;
  readonly text: string;
}

const LONGEST = 1200;
const HEADING = /^(#{1,6})[ \t]+(.*?)[ \t]*#*$/;
const FENCE = /^[ \t]*(?:```|~~~)/;

export function passagesOf(document: string, content: string): Passage[] {
  const passages: Passage[] = [];
  let title: string | undefined;
  let headings: string[] = [];
  const keep = (lines: readonly string[]): void => {
    const text = lines.join(" ").replace(/\s+/g, " ").trim();
    if (text !== "") for (const part of cut(text)) passages.push({ document, title: title ?? document, section: headings.filter((h) => h !== "").join(" > "), text: part });
  };
  let paragraph: string[] = [];
  let fenced = false;
  for (const line of content.replace(/^\ufeff/, "").split(/\r?\n/)) {
    if (FENCE.test(line)) fenced = !fenced;
    const heading = fenced ? null : HEADING.exec(line);
    if (heading === null && (fenced || line.trim() !== "")) {
      paragraph.push(line.trim());
      continue;
    }
    keep(paragraph);
    paragraph = [];
    if (heading === null) continue;
    const [, marks, name] = heading as unknown as [string, string, string];
    if (title === undefined) title = name;
    else headings = Array.from({ length: marks.length }, (_, i) => (i === marks.length - 1 ? name : headings[i] ?? ""));
  }
  keep(paragraph);
  return passages;
}

/** Sentences together, as long as they fit; what has no end that fits is cut at a space. */
function cut(text: string): string[] {
  if (text.length <= LONGEST) return [text];
  const parts: string[] = [];
  let rest = text;
  while (rest.length > LONGEST) {
    const window = rest.slice(0, LONGEST);
    const sentence = Math.max(window.lastIndexOf(". "), window.lastIndexOf("! "), window.lastIndexOf("? ")) + 1;
    const at = sentence > LONGEST / 4 ? sentence : window.lastIndexOf(" ") > 0 ? window.lastIndexOf(" ") : LONGEST;
    parts.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return rest === "" ? parts : [...parts, rest];
}
