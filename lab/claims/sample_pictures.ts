/**
 * The pictures of drawn images, as a record keeps them.
 *
 * @module
 */
import type { PixelData } from "../../model/tasks/images.ts";
import type { Picture } from "../record/findings.ts";
import type { Drawn, SamplesProfile } from "./drawn.ts";

/** Image i of bytes, as a record keeps it. */
function imageText(bytes: Uint8Array, i: number, length: number): string {
  let text = "";
  for (const byte of bytes.subarray(i * length, (i + 1) * length)) {
    text += String.fromCharCode(byte);
  }
  return btoa(text);
}

/** The first held-out images of each class: `rows` rows of them. */
function realRows(
  { pixels, labels, trained }: PixelData,
  classes: number,
  rows: number,
  length: number,
) {
  const of = Array.from({ length: classes }, (_, c) => {
    const found: number[] = [];
    for (let i = trained; i < labels.length && found.length < rows; i++) {
      if (labels[i] === c) found.push(i);
    }
    return found;
  });
  return Array.from(
    { length: rows },
    (_, row) =>
      of.flatMap((found) => row < found.length ? [imageText(pixels, found[row], length)] : []),
  );
}

/** The pictures: real images over those of both models, then how the MoE model's came to be. */
export function picturesOf(
  p: SamplesProfile,
  models: readonly Drawn[],
  host: PixelData,
  classes: number,
  length: number,
): Picture[] {
  const row = (bytes: Uint8Array, row: number) =>
    Array.from({ length: classes }, (_, c) => imageText(bytes, row * classes + c, length));
  const { channels, side } = host;
  const about = { channels: channels === 3 ? 3 as const : 1 as const, side };
  const { solver, steps, guidance } = p.sampling;
  const how = `${
    solver === "heun" ? "Heun" : "Euler"
  }'s method, ${steps} steps, guidance ${guidance}`;
  const rows = (name: string, images: string[][]) =>
    images.map((images, i) => ({ label: i === 0 ? name : "", images }));
  const shown = (bytes: Uint8Array) => Array.from({ length: p.shown }, (_, i) => row(bytes, i));
  const free = models.flatMap(({ name, withheld }) =>
    withheld.length > 0
      ? [{ label: `${name}, no class asked for`, images: row(withheld[0], 0) }]
      : []
  );
  const { name, looks, guided } = models.at(-1)!;
  return [
    {
      name: "samples",
      title: "Images drawn",
      note: `A column for each class, 0 to ${
        classes - 1
      }; images in a column start from the same noise, row by row. ${how}.`,
      ...about,
      rows: [
        ...rows("held-out images", realRows(host, classes, p.shown, length)),
        ...models.flatMap(({ name, guided }) => rows(name, shown(guided[0]))),
        ...free,
      ],
    },
    {
      name: "samples-over-training",
      title: "Images over training",
      note: `${name}, always from the same noise.`,
      ...about,
      rows: [
        ...looks.map(({ step, bytes }) => ({ label: `step ${step}`, images: row(bytes, 0) })),
        { label: `step ${p.plan.steps}`, images: row(guided[0], 0) },
      ],
    },
  ];
}
