/**
 * From a Vega-Lite spec to SVG, PNG and PDF. Nothing is loaded from a network, no system font is
 * used, and the same spec gives the same bytes.
 *
 * @module
 */
import type { ChartSpec } from "../words/caption.ts";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import PDFDocument from "pdfkit";
import SVGtoPDF from "svg-to-pdfkit";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { fontUrl, useRealMetrics } from "./fonts.ts";

/** Vega-Lite's logger; the compiler hands its warnings to it. */
type Logger = NonNullable<NonNullable<Parameters<typeof compile>[1]>["logger"]>;

/** Pixels of the PNG per CSS pixel: about 290 dots an inch at the size of the SVG. */
export const PNG_SCALE = 3;

/** Points of the PDF per CSS pixel. */
const POINTS = 0.75;

/**
 * Compiles a spec to Vega.
 *
 * @returns the Vega spec and the compiler's warnings, of which a finished chart has none
 */
export function compileSpec(spec: ChartSpec): { vega: object; warnings: string[] } {
  const warnings: string[] = [];
  const keep = (...messages: readonly unknown[]) => {
    warnings.push(messages.map(String).join(" "));
    return logger;
  };
  const logger = {
    level: () => logger,
    warn: keep,
    error: keep,
    info: () => logger,
    debug: () => logger,
  } as unknown as Logger;
  return { vega: compile(spec as unknown as TopLevelSpec, { logger }).spec, warnings };
}

/**
 * Draws a spec as SVG text.
 *
 * @throws {Error} when the spec asks for data that is not inline
 */
export async function renderSvg(spec: ChartSpec): Promise<string> {
  await useRealMetrics();
  const loader = vega.loader();
  loader.load = (uri) =>
    Promise.reject(new Error(`Cannot load ${uri}: charts hold their own data`));
  const view = new vega.View(vega.parse(compileSpec(spec).vega as vega.Spec), {
    renderer: "none",
    loader,
  });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** Width and height of an SVG that {@link renderSvg} made, in CSS pixels. */
export function svgSize(svg: string): { width: number; height: number } {
  const size = /<svg[^>]*? width="([\d.]+)" height="([\d.]+)"/.exec(svg);
  if (size === null) throw new TypeError("Cannot size an SVG: it has no width and height");
  return { width: Number(size[1]), height: Number(size[2]) };
}

/**
 * Rasters an SVG, {@link PNG_SCALE} pixels per CSS pixel. The rasterizer is native code, loaded here
 * and not above, so that without its permissions all else still works.
 *
 * @throws {Deno.errors.NotCapable} without `--allow-ffi` or `--allow-sys`
 */
export async function renderPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const fontFiles = (["regular", "bold"] as const).map((face) => fileURLToPath(fontUrl(face)));
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: PNG_SCALE },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" },
  });
  return new Uint8Array(resvg.render().asPng());
}

/**
 * Writes an SVG as a vector PDF with embedded fonts.
 *
 * @param svg what {@link renderSvg} gave
 * @returns the file; identical bytes for identical arguments, as its creation date is the epoch
 */
export async function renderPdf(svg: string, title: string): Promise<Uint8Array> {
  const { width, height } = svgSize(svg);
  const size: [number, number] = [width * POINTS, height * POINTS];
  const info = {
    Title: title,
    Producer: "mue-bench",
    Creator: "mue-bench",
    CreationDate: new Date(0),
  };
  const document = new PDFDocument({ size, margin: 0, font: null as unknown as string, info });
  const chunks: Uint8Array[] = [];
  document.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  const ended = new Promise((resolve) => document.on("end", resolve));
  for (const face of ["regular", "bold"] as const) {
    document.registerFont(face, Buffer.from(await Deno.readFile(fontUrl(face))));
  }
  // an unbroken line as Vega writes it among dashed ones, which the PDF writer refuses
  const solid = svg.replace(/ stroke-dasharray="[\d.]+,0"/g, "");
  SVGtoPDF(document, solid, 0, 0, {
    width: size[0],
    height: size[1],
    assumePt: false,
    fontCallback: (_family: string, bold: boolean) => bold ? "bold" : "regular",
  });
  document.end();
  await ended;
  return new Uint8Array(Buffer.concat(chunks));
}
