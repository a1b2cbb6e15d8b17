/** Runs a command in this process, as a user does, with what it says. */

/** What a command left. */
export interface Said {
  code: number;
  out: string;
  err: string;
}

/** Runs a command; `console.log` is its output, `console.error` its errors. */
export async function said(
  command: (args: string[]) => Promise<number>,
  ...args: string[]
): Promise<Said> {
  const { log, error } = console, text = { out: "", err: "" };
  console.log = (...parts: unknown[]) => void (text.out += `${parts.join(" ")}\n`);
  console.error = (...parts: unknown[]) => void (text.err += `${parts.join(" ")}\n`);
  try {
    return { code: await command(args), ...text };
  } finally {
    Object.assign(console, { log, error });
  }
}
