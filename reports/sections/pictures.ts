/**
 * Sections of pictures: images that models drew, each grid under its own heading.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { type Section, section } from "./section.ts";

/** A section per picture; none where a record has none. */
export function pictureSections({ findings: { pictures = [] } }: BenchRecord): Section[] {
  return pictures.map((picture) => section(picture.title, [{ kind: "picture", picture }], "all"));
}
