// How many messages each queue holds, shown in the drawing.
import { loadQueueDepths } from "./api.js";
import { t } from "./texts.js";

const POLL_MS = 3000;

export class QueueDepths {
  constructor(drawing, onError) {
    this.drawing = drawing;
    this.onError = onError;
    this.byId = new Map();
    drawing.container.addEventListener("drawn", () => this.show());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.poll(); });
    this.poll();
  }

  async poll() {
    clearTimeout(this.nextPoll);
    if (document.hidden) return;
    try {
      this.byId = new Map((await loadQueueDepths()).map((depth) => [depth.id, depth]));
      this.show();
    } catch (error) {
      this.onError(error);
      if (error.status === 401 || error.status === 403) return;
    }
    this.nextPoll = setTimeout(() => this.poll(), POLL_MS);
  }

  /** The depth of a queue in words; empty for a node that is no queue. */
  describe(id) {
    const depth = this.byId.get(id);
    return depth ? t.queueDepth(depth.visible, depth.in_flight) : "";
  }

  show() {
    for (const [id, { visible, in_flight: inFlight }] of this.byId) {
      const group = this.drawing.group(id);
      if (!group) continue;
      const count = visible + inFlight;
      group.querySelector(".depth").textContent = count;
      group.classList.toggle(group.classList.contains("dead-letter-queue") ? "alarm" : "filled", count > 0);
      group.setAttribute("aria-label", `${this.drawing.label(id)}: ${this.describe(id)}`);
    }
  }
}
