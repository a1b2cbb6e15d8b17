/**
 * Sections of pictures: images that models drew, each grid under its own heading.
 *
 * @module
 */
import type { Picture } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { type Report, type Section, section } from "./section.ts";

/** A section per picture; none where a record has none. */
export function pictureSections({ findings: { pictures = [] } }: BenchRecord): Section[] {
  return pictures.map((picture) => section(picture.title, [{ kind: "picture", picture }], "all"));
}

/** The pictures of a report, in its order. */
export function picturesOf({ sections }: Pick<Report, "sections">): Picture[] {
  return sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.kind === "picture" ? [block.picture] : [])
  );
}
