// Requests to the shop's HTTP API. Every failure is a RequestError, whose message is shown to the user.
import { t } from "./texts.js";

/**
 * A failed request. `status` is 0 when there was no response: the request may or may not have taken effect.
 * `problem` is the problem document (RFC 9457), `type` the last part of its type, such as "sold-out".
 */
export class RequestError extends Error {
  constructor(status, problem = {}) {
    super(messageFor(status, problem));
    this.status = status;
    this.problem = problem;
    this.type = (problem.type ?? "").split("/").pop();
  }

  /** Whether the shop has rejected the request. If not, it may have taken effect, or may succeed later. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }

  /** What is wrong with a field of the request, named by its JSON pointer (RFC 6901). */
  fieldError(pointer) {
    return this.problem.errors?.find((error) => error.pointer === pointer)?.detail;
  }
}

function messageFor(status, { title, detail }) {
  if (status === 0) return t.errors.offline;
  if (status === 429 || status === 503) return t.errors.busy;
  if (status >= 500) return t.errors.failed;
  return [title, detail].filter(Boolean).join(": ") || t.errors.rejected(status);
}

/**
 * Sends a request; an object as `body` is sent as JSON. Returns the response's JSON as `body` (null if it has none)
 * and its `etag`. Throws RequestError.
 *
 * By default the browser's cache is not used: after going back from an order, it would show the old basket.
 */
export async function sendRequest(method, path, { body, headers = {}, signal, cache = "no-store" } = {}) {
  const options = { method, signal, cache, headers: { accept: "application/json", ...headers } };
  if (body !== undefined) {
    options.body = typeof body === "string" ? body : JSON.stringify(body);
    options.headers["content-type"] = "application/json";
  }
  const response = await fetchOrThrow(path, options);
  const json = await response.json().catch(() => null); // a 204, or an error page of a proxy
  if (!response.ok) throw new RequestError(response.status, json ?? {});
  return { body: json, etag: response.headers.get("etag") };
}

async function fetchOrThrow(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0);
  }
}

/** The JSON of a public resource, perhaps from the browser's cache. Throws RequestError. */
export async function get(path, signal) {
  return (await sendRequest("GET", path, { signal, cache: "default" })).body;
}
