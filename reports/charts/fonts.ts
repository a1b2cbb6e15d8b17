/**
 * The one font of every picture, from an npm package, so that no system font is needed and two
 * machines write the same picture. Its real metrics replace Vega's guess at text widths, which
 * without a canvas makes legends uneven and drops tick labels.
 *
 * @module
 */
import * as fontkit from "fontkit";
import * as vega from "vega";

/** The two faces that are used. */
const FACES = { regular: "DejaVuSans.ttf", bold: "DejaVuSans-Bold.ttf" } as const;

/** Where a face lies on this machine. */
export function fontUrl(face: keyof typeof FACES): URL {
  return new URL(`./ttf/${FACES[face]}`, import.meta.resolve("dejavu-fonts-ttf/package.json"));
}

/** The part of fontkit's font that is needed here. */
interface Font {
  unitsPerEm: number;
  layout(text: string): { advanceWidth: number };
}

/** The part of Vega's text item that decides its width. */
interface TextItem {
  fontSize?: number;
  fontWeight?: string | number;
  limit?: number;
}

/** Vega's untyped export; the reason why vega is pinned. */
interface TextMetrics {
  width: (item: TextItem, text: unknown) => number;
}

let ready: Promise<void> | undefined;

/**
 * Gives Vega the real widths of DejaVu Sans. Process-wide, done once.
 *
 * @throws {Deno.errors.NotCapable} without permission to read the npm cache
 */
export function useRealMetrics(): Promise<void> {
  ready ??= install();
  return ready;
}

async function install(): Promise<void> {
  const [regular, bold] = await Promise.all([open("regular"), open("bold")]);
  const metrics = (vega as unknown as { textMetrics: TextMetrics }).textMetrics;
  const known = new Map<string, number>();
  metrics.width = (item, text) => {
    const heavy = item.fontWeight === "bold" || Number(item.fontWeight) >= 600;
    const key = `${heavy}\n${text ?? ""}`;
    const font = heavy ? bold : regular;
    const em = known.get(key) ?? font.layout(String(text ?? "")).advanceWidth / font.unitsPerEm;
    known.set(key, em);
    return em * (item.fontSize ?? 11);
  };
}

async function open(face: keyof typeof FACES): Promise<Font> {
  const create = fontkit.create as unknown as (bytes: Uint8Array) => Font;
  return create(await Deno.readFile(fontUrl(face)));
}
