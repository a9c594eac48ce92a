// Markdown as elements, never as HTML text: what the lexer of `marked` finds (CommonMark with GitHub's tables) becomes
// nodes of this list and nothing else. HTML inside stays visible as text; links lead to http, https and mail addresses
// only; pictures are named and not loaded, as they would tell other servers who reads.

import { lexer, type Token, type Tokens } from "marked";
import { createElement, type ComponentChildren, type VNode } from "preact";

const MAX_LENGTH = 200_000;
/** A digest or an address, which has to break somewhere; other words do not. */
const LONG_WORD = /\S{32}/;
const WIDE = 20;

export function Markdown({ text }: { readonly text: string }): VNode {
  const tokens = lexer(text.slice(0, MAX_LENGTH), { gfm: true });
  return <div class="prose">{tokens.map(block)}{text.length > MAX_LENGTH && <p class="soft">The rest is too long to be shown.</p>}</div>;
}

function block(token: Token): ComponentChildren {
  switch (token.type) {
    case "space": case "def": return null;
    // The page's own heading is the first level.
    case "heading": return createElement(`h${Math.min(6, (token as Tokens.Heading).depth + 1)}`, null, inline(token.tokens));
    case "paragraph": return <p>{inline(token.tokens)}</p>;
    case "text": return token.tokens === undefined ? plain((token as Tokens.Text).text) : inline(token.tokens);
    case "blockquote": return <blockquote>{(token.tokens ?? []).map(block)}</blockquote>;
    case "code": return <pre tabIndex={0}><code>{(token as Tokens.Code).text}</code></pre>;
    case "hr": return <hr />;
    case "list": {
      const { ordered, start, items } = token as Tokens.List;
      const inside = items.map((item) => <li>{item.task && <input type="checkbox" checked={item.checked === true} disabled aria-label={item.checked === true ? "done" : "to do"} />}{item.tokens.filter((t) => (t.type as string) !== "checkbox").map(block)}</li>);
      return ordered ? <ol start={typeof start === "number" ? start : 1}>{inside}</ol> : <ul>{inside}</ul>;
    }
    case "table": {
      const { header, rows } = token as Tokens.Table;
      return <div class="scroll" tabIndex={0} role="group" aria-label="Table"><table class="dense"><thead><tr>{header.map((cell) => <th scope="col">{inline(cell.tokens)}</th>)}</tr></thead><tbody>{rows.map((row) => <tr>{row.map((cell) => <td class={widthOf(cell.text)}>{inline(cell.tokens)}</td>)}</tr>)}</tbody></table></div>;
    }
    default: return <p>{"raw" in token ? token.raw : ""}</p>;
  }
}

/** Several words get room to stand beside each other. */
function widthOf(text: string): string | undefined {
  return LONG_WORD.test(text) ? "long wide" : text.length > WIDE && text.includes(" ") ? "wide" : undefined;
}

function inline(tokens: readonly Token[] | undefined): ComponentChildren {
  return (tokens ?? []).map((token) => {
    switch (token.type) {
      case "strong": return <strong>{inline(token.tokens)}</strong>;
      case "em": return <em>{inline(token.tokens)}</em>;
      case "del": return <del>{inline(token.tokens)}</del>;
      case "codespan": return <code>{(token as Tokens.Codespan).text}</code>;
      case "br": return <br />;
      case "link": {
        const { href } = token as Tokens.Link;
        return safeLink(href) ? <a href={href} rel="noopener noreferrer nofollow" target="_blank">{inline(token.tokens)}</a> : <span>{inline(token.tokens)}</span>;
      }
      case "image": return <em>[picture: {(token as Tokens.Image).text || (token as Tokens.Image).href}]</em>;
      case "escape": return (token as Tokens.Escape).text;
      case "text": return token.tokens === undefined ? plain((token as Tokens.Text).text) : inline(token.tokens);
      default: return "raw" in token ? token.raw : "";
    }
  });
}

function safeLink(href: string): boolean {
  try {
    return ["http:", "https:", "mailto:"].includes(new URL(href).protocol);
  } catch {
    return false;
  }
}

const NAMED: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
/** Entities that people write in Markdown. */
function plain(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => NAMED[entity]!);
}
