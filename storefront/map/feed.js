// The live feed: events over a WebSocket, opened with a one-time ticket, or by polling without one.
import { issueTicket, loadRecentEvents } from "./api.js";

const POLL_MS = 2000;
const RECONNECT_MS = 15_000;
const PAGE_SIZE = 50;
const MAX_SEEN_IDS = 200; // ids of events that were delivered, to deliver each once

export class LiveFeed {
  /**
   * `onEvent(event, isNew)` is called oldest first. `onStatus` gets live, polling, unreachable or
   * forbidden; `onError` gets the error of a failed poll.
   */
  constructor(onEvent, onStatus, onError) {
    Object.assign(this, { onEvent, onStatus, onError });
    this.seenIds = new Set();
    this.start();
  }

  async start() {
    const status = await this.poll(false);
    if (status === 401 || status === 403) return; // signing in leads to a new page
    this.connect();
    setInterval(() => { if (!this.socket && !document.hidden) this.poll(true); }, POLL_MS);
  }

  async connect() {
    try {
      const { path } = await issueTicket();
      this.open(new URL(path, location.origin.replace("http", "ws")));
    } catch {
      this.reconnectLater(); // polling continues meanwhile
    }
  }

  open(url) {
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      this.socket = socket;
      this.onStatus("live");
      this.poll(true); // events between the last poll and now
    });
    socket.addEventListener("message", ({ data }) => this.deliver(JSON.parse(data), true));
    socket.addEventListener("close", () => {
      if (this.socket === socket) this.onStatus("polling");
      this.socket = null;
      this.reconnectLater();
    });
  }

  reconnectLater() {
    clearTimeout(this.reconnect);
    this.reconnect = setTimeout(() => this.connect(), RECONNECT_MS);
  }

  /** Returns the status code of a failed request, null after success. */
  async poll(isNew) {
    try {
      const items = await loadRecentEvents(PAGE_SIZE);
      for (const event of items.reverse()) this.deliver(event, isNew);
      if (!this.socket) this.onStatus("polling");
      return null;
    } catch (error) {
      this.onStatus(error.status === 401 || error.status === 403 ? "forbidden" : "unreachable");
      this.onError(error);
      return error.status;
    }
  }

  deliver(event, isNew) {
    if (!event.id || this.seenIds.has(event.id)) return; // repeated, or from socket and poll
    this.seenIds.add(event.id);
    if (this.seenIds.size > MAX_SEEN_IDS) this.seenIds.delete(this.seenIds.values().next().value);
    this.onEvent(event, isNew);
  }
}
