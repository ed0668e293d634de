// Asks the shop's HTTP API. Whatever goes wrong is one kind of error, with words for a person.
import { t } from "./texts.js";

/** `status` is 0 when nothing came back, so that it may or may not have been done. */
export class Trouble extends Error {
  constructor(status, problem = {}) {
    super(words(status, problem));
    this.status = status;
    this.problem = problem;
    this.slug = (problem.type ?? "").split("/").pop();
  }

  /** Whether the shop has decided; without an answer it may still have done what was asked. */
  get isAnswer() {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }

  /** What is wrong with a field, named by its JSON pointer. */
  field(pointer) {
    return this.problem.errors?.find((error) => error.pointer === pointer)?.detail;
  }
}

function words(status, { title, detail }) {
  if (status === 0) return t.trouble.offline;
  if (status === 429 || status === 503) return t.trouble.busy;
  if (status >= 500) return t.trouble.failed;
  return [title, detail].filter(Boolean).join(": ") || t.trouble.refused(status);
}

/** Never from a cache: going back, a browser would show the basket as it was before the order. */
export async function ask(method, path, { body, headers = {}, signal, cache = "no-store" } = {}) {
  const request = { method, signal, cache, headers: { accept: "application/json", ...headers } };
  if (body !== undefined) {
    request.body = typeof body === "string" ? body : JSON.stringify(body);
    request.headers["content-type"] = "application/json";
  }
  const answer = await reach(path, request);
  const said = await answer.json().catch(() => null); // a 204, or a page of somebody in between
  if (!answer.ok) throw new Trouble(answer.status, said ?? {});
  return { body: said, etag: answer.headers.get("etag") };
}

async function reach(path, request) {
  try {
    return await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble(0);
  }
}

/** What everybody may see. */
export async function get(path, signal) {
  return (await ask("GET", path, { signal, cache: "default" })).body;
}
