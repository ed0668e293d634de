// Facts as they happen: over a WebSocket with a one-time ticket, or by looking while there is none.
import { readNews, takeTicket } from "./shop.js";

const LOOK = 2000; // ms, between looks without a socket
const AGAIN = 15_000; // ms, until a socket is tried anew
const KEPT = 200; // ids of facts that were told already

export class Feed {
  /** `tell(fact, isNew)` is called oldest first; `state` is live, looking or lost. */
  constructor(tell, state, trouble) {
    Object.assign(this, { tell, state, trouble });
    this.told = new Set();
    this.start();
  }

  async start() {
    await this.look(false);
    this.connect();
    setInterval(() => { if (!this.socket && !document.hidden) this.look(true); }, LOOK);
  }

  async connect() {
    try {
      const { ticket, url } = await takeTicket();
      this.open(url ?? `${location.origin.replace("http", "ws")}/api/live`, ticket);
    } catch {
      this.later(); // this shop has no socket, or not now: looking goes on
    }
  }

  open(url, ticket) {
    const socket = new WebSocket(`${url}?ticket=${encodeURIComponent(ticket)}`);
    socket.addEventListener("open", () => {
      this.socket = socket;
      this.state("live");
      this.look(true); // what was said between the last look and now
    });
    socket.addEventListener("message", ({ data }) => this.hear(JSON.parse(data), true));
    socket.addEventListener("close", () => {
      if (this.socket === socket) this.state("looking");
      this.socket = null;
      this.later();
    });
  }

  later() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), AGAIN);
  }

  async look(isNew) {
    try {
      const items = await readNews(50);
      for (const fact of items.reverse()) this.hear(fact, isNew);
      if (!this.socket) this.state("looking");
    } catch (error) {
      this.state("lost");
      this.trouble(error);
    }
  }

  hear(fact, isNew) {
    if (!fact.id || this.told.has(fact.id)) return; // said twice, or heard both ways
    this.told.add(fact.id);
    if (this.told.size > KEPT) this.told.delete(this.told.values().next().value);
    this.tell(fact, isNew);
  }
}
