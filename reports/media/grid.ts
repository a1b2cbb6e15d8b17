/**
 * Pictures of a record as PNG files: images in rows, a line of grey between them, no text.
 *
 * @module
 */
import { encode } from "fast-png";
import type { Picture } from "../../lab/record/findings.ts";

/** Pixels between images, and around them. */
const GAP = 1;
/** Grey of what is no image. */
const GREY = 128;

/** Bytes of base64 text. */
const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

/**
 * The file.
 *
 * @param scale pixels of the file per pixel of an image, a whole number
 * @returns identical bytes for identical arguments
 * @throws {RangeError} for a picture without images
 */
export function gridPng({ name, channels, side, rows }: Picture, scale = 1): Uint8Array {
  const across = Math.max(0, ...rows.map(({ images }) => images.length)), cell = side + GAP;
  if (across === 0) throw new RangeError(`Cannot make ${name}.png: the picture has no images`);
  const width = (across * cell + GAP) * scale, height = (rows.length * cell + GAP) * scale;
  const data = new Uint8Array(width * height * channels).fill(GREY);
  rows.forEach(({ images }, row) =>
    images.forEach((text, column) => {
      const bytes = bytesOf(text), top = (row * cell + GAP) * scale;
      const left = (column * cell + GAP) * scale;
      for (let y = 0; y < side * scale; y++) {
        for (let x = 0; x < side * scale; x++) {
          const from = Math.floor(y / scale) * side + Math.floor(x / scale);
          const to = ((top + y) * width + left + x) * channels;
          for (let c = 0; c < channels; c++) data[to + c] = bytes[c * side * side + from];
        }
      }
    })
  );
  return encode({ width, height, data, channels, depth: 8 });
}

/** The file as an address that a page holds in itself. */
export function dataUri(png: Uint8Array): string {
  let text = "";
  for (const byte of png) text += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(text)}`;
}
