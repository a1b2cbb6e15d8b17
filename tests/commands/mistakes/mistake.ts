/** A user's mistake, and how to make it: a row of docs/errors.md. */

/** Files of a folder: text, bytes, an object as JSON, a number for so many zero bytes that take no room, null for a folder. */
export type Files = Record<string, string | Uint8Array | object | number | null>;

/** One mistake. In `args` and `env`, `DIR` stands for the folder that is made for it. */
export interface Mistake {
  /** what the user did, for the document */
  did: string;
  /** the command and its arguments, as main.ts takes them; `setup` is a file of its own */
  args: string[];
  /** what lies in the folder beforehand */
  files?: Files;
  /** exit code (2) */
  code?: number;
  /** settings; where there are any, the command runs in a process of its own */
  env?: Record<string, string>;
  /** makes what files cannot be, e.g. a lock; returns what undoes it, or why this machine cannot make it */
  make?: (dir: string) => (() => void) | string | Promise<() => void>;
}

/** The mistakes of one command, under its heading. */
export interface Chapter {
  title: string;
  mistakes: Mistake[];
}

/** Makes the files. */
export async function lay(dir: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = `${dir}/${name}`;
    await Deno.mkdir(content === null ? path : path.replace(/\/[^/]*$/, ""), { recursive: true });
    if (content === null) continue;
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else if (content instanceof Uint8Array) await Deno.writeFile(path, content);
    else if (typeof content === "number") {
      using file = await Deno.create(path);
      await file.truncate(content);
    } else await Deno.writeTextFile(path, JSON.stringify(content));
  }
}
