// Facts as they happen: over a WebSocket with a one-time ticket, or by looking while there is none.
import { readNews, takeTicket } from "./shop.js";

const LOOK = 2000; // ms, between looks without a socket
const AGAIN = 15_000; // ms, until a socket is tried anew
const KEPT = 200; // ids of facts that were told already

export class Feed {
  /** `tell(fact, isNew)` is called oldest first; `state` is live, looking, lost or closed. */
  constructor(tell, state, trouble) {
    Object.assign(this, { tell, state, trouble });
    this.told = new Set();
    this.start();
  }

  async start() {
    const refused = await this.look(false);
    if (refused === 401 || refused === 403) return; // who comes back signed in loads the page anew
    this.connect();
    setInterval(() => { if (!this.socket && !document.hidden) this.look(true); }, LOOK);
  }

  async connect() {
    try {
      const { path } = await takeTicket();
      this.open(new URL(path, location.origin.replace("http", "ws")));
    } catch {
      this.later(); // not now: looking goes on
    }
  }

  open(url) {
    const socket = new WebSocket(url);
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

  /** What refused to tell, as a status; nothing when all is well. */
  async look(isNew) {
    try {
      const items = await readNews(50);
      for (const fact of items.reverse()) this.hear(fact, isNew);
      if (!this.socket) this.state("looking");
      return null;
    } catch (error) {
      this.state(error.status === 401 || error.status === 403 ? "closed" : "lost");
      this.trouble(error);
      return error.status;
    }
  }

  hear(fact, isNew) {
    if (!fact.id || this.told.has(fact.id)) return; // said twice, or heard both ways
    this.told.add(fact.id);
    if (this.told.size > KEPT) this.told.delete(this.told.values().next().value);
    this.tell(fact, isNew);
  }
}
