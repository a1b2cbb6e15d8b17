/**
 * What the page was built with: it stands in the page itself, which loads nothing.
 *
 * @module
 */
import { type TextData, textData } from "../fixtures/sotu.ts";

/** Id of the element that holds it, as JSON. */
export const GIVEN_ID = "given";

/** What a page brings along. */
export interface Given {
  /** version of mue-bench */
  version: string;
  /** commit of the checkout it was built from, or null */
  gitCommit: string | null;
  /** version of Deno that built it */
  deno: string;
  /** the self-test's cases by name, each the text of its file */
  cases: Record<string, string>;
  /** what is trained on: its bytes as base64 */
  text: { name: string; licence: string; base64: string };
}

/** The text as data. */
export function textOf({ text: { name, licence, base64 } }: Pick<Given, "text">): TextData {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return textData(name, bytes, licence);
}
