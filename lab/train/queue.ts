/**
 * Jobs that wait to be trained, each once however many ask for it, and which of them train next.
 *
 * @module
 */
import type { Job } from "./job.ts";

/** A job in the queue or in training, and those who wait for it. */
export interface Entry {
  job: Job;
  /** see size.ts */
  work: number;
  /** settles when it is trained */
  done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
  /** its worker process ended once, and it was put back */
  retried: boolean;
}

/** The queue. */
export class Queue {
  /** waiting or in training, by key */
  readonly #all = new Map<string, Entry>();
  readonly #open = new Set<Entry>();

  /** The jobs nobody trains yet. */
  get jobs(): Job[] {
    return [...this.#open].map(({ job }) => job);
  }

  /** Work that nobody has taken yet. */
  get work(): number {
    return [...this.#open].reduce((sum, { work }) => sum + work, 0);
  }

  /** Puts a job in, or finds it; settles when it is trained. */
  add(job: Job, work: number): Promise<void> {
    const known = this.#all.get(job.key);
    if (known) return known.done;
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    const entry: Entry = {
      job,
      work,
      done,
      resolve: () => {
        this.#all.delete(job.key);
        resolve();
      },
      reject,
      retried: false,
    };
    done.catch(() => {}); // whoever asked for it hears of it too
    this.#all.set(job.key, entry);
    this.#open.add(entry);
    return done;
  }

  /**
   * Takes jobs of one group (job.ts), that of the most work.
   *
   * @param work how much to take, one job at least @param fits how many train side by side
   * @returns none when none waits
   */
  take(work: number, fits: (job: Job) => number): Entry[] {
    let longest: Entry[] = [], most = 0;
    for (const group of Map.groupBy(this.#open, ({ job }) => job.group).values()) {
      const sum = group.reduce((s, w) => s + w.work, 0);
      if (sum > most) [longest, most] = [group, sum];
    }
    if (longest.length === 0) return [];
    const room = fits(longest[0].job), share = Math.ceil(work * longest.length / most);
    const size = Math.max(1, Math.min(room, share, longest.length));
    // in equal parts rather than a full one and a rest
    const parts = Math.ceil(longest.length / size);
    const taken = longest.slice(0, Math.ceil(longest.length / parts));
    for (const w of taken) this.#open.delete(w);
    return taken;
  }

  /** Puts jobs back that were taken and not trained. */
  back(entries: Entry[]): void {
    for (const entry of entries) this.#open.add(entry);
  }

  /** Ends all waiting. */
  reject(error: unknown): void {
    for (const { reject } of this.#all.values()) reject(error);
    this.#all.clear();
    this.#open.clear();
  }
}
