/**
 * Headless Chromium, driven over the pipe of its DevTools protocol: no port, no network, no package.
 *
 * @module
 */

/** What Chromium needs to offer WebGPU on its own CPU driver, SwiftShader, without a display. */
const FLAGS = [
  "--headless=new",
  "--no-sandbox", // as root it refuses to start with one; it opens nothing but our own page
  "--no-first-run",
  "--disable-gpu-watchdog",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--remote-debugging-pipe",
];

/** Names the browser has on systems that package it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser in the search path, or null. */
export function findChromium(path: string = Deno.env.get("PATH") ?? ""): string | null {
  for (const name of NAMES) {
    for (const folder of path.split(":").filter((x) => x !== "")) {
      try {
        if (Deno.statSync(`${folder}/${name}`).isFile) return `${folder}/${name}`;
      } catch { /* not there */ }
    }
  }
  return null;
}

/** An answer of the protocol, or an event. */
interface Answer {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A page in a browser of its own. */
export class Chromium {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #profile: string;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #reading: Promise<void>;
  #session: string | null = null;
  #last = 0;
  #onDownload: () => void = () => {};

  private constructor(program: string) {
    this.#profile = Deno.makeTempDirSync({ prefix: "mue-bench-chromium-" });
    // the protocol's pipes are descriptors 3 and 4: here the process's own input and output
    this.#child = new Deno.Command("sh", {
      args: [
        "-c",
        'exec "$0" "$@" 3<&0 4>&1',
        program,
        ...FLAGS,
        `--user-data-dir=${this.#profile}`,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Starts it and opens a page. */
  static async open(program: string, url: string): Promise<Chromium> {
    const browser = new Chromium(program);
    try {
      const { targetId } = await browser.send("Target.createTarget", { url });
      const attached = await browser.send("Target.attachToTarget", { targetId, flatten: true });
      browser.#session = attached.sessionId as string;
    } catch (error) {
      await browser.close();
      throw error;
    }
    return browser;
  }

  /** Hands every answer to who waits for it; when the browser ends, all are told. */
  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const messages = (rest + text).split("\0");
      rest = messages.pop()!;
      for (const message of messages) {
        const answer: Answer = JSON.parse(message);
        if (answer.params?.state === "completed") this.#onDownload(); // Browser.downloadProgress
        this.#waiting.get(answer.id ?? 0)?.(answer);
        this.#waiting.delete(answer.id ?? 0);
      }
    }
    for (const tell of this.#waiting.values()) tell({ error: { message: "the browser ended" } });
  }

  /** Calls a method of the protocol. */
  async send(
    method: string,
    params: Record<string, unknown>,
    session: string | null = this.#session,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#last, message = { id, method, params, sessionId: session ?? undefined };
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(message)}\0`));
    const { result, error } = await answer;
    if (error) throw new Error(`Cannot ${method}: ${error.message}`);
    return result!;
  }

  /** What an expression is in the page, as JSON carries it. */
  async value<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    }) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails) {
      throw new Error(`Cannot evaluate ${expression}: ${exceptionDetails.exception?.description}`);
    }
    return result.value;
  }

  /** Evaluates what starts a download, and waits until the file is in the folder. */
  async download(start: string, folder: string): Promise<void> {
    const behaviour = { behavior: "allow", downloadPath: folder, eventsEnabled: true };
    await this.send("Browser.setDownloadBehavior", behaviour, null);
    const done = new Promise<void>((resolve) => this.#onDownload = resolve);
    await this.value(start);
    await done;
  }

  /** Ends it and removes its profile. */
  async close(): Promise<void> {
    this.#session = null;
    await this.send("Browser.close", {}).catch(() => this.#child.kill());
    await this.#child.status;
    await this.#reading;
    await this.#writer.close().catch(() => {});
    await Deno.remove(this.#profile, { recursive: true }).catch(() => {});
  }
}
