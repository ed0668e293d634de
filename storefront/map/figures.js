// How much waits in each queue, written where the drawing has room for it.
import { readFigures } from "./shop.js";
import { t } from "./texts.js";

const EVERY = 3000; // ms

export class Figures {
  constructor(drawing, trouble) {
    this.drawing = drawing;
    this.trouble = trouble;
    this.known = new Map();
    drawing.place.addEventListener("drawn", () => this.write());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look(); });
    this.look();
  }

  async look() {
    clearTimeout(this.next);
    if (document.hidden) return;
    try {
      this.known = new Map((await readFigures()).map((figure) => [figure.id, figure]));
      this.write();
    } catch (error) {
      this.trouble(error);
      if (error.status === 401 || error.status === 403) return;
    }
    this.next = setTimeout(() => this.look(), EVERY);
  }

  of(id) {
    const figure = this.known.get(id);
    return figure ? t.waiting(figure.visible, figure.in_flight) : "";
  }

  write() {
    for (const [id, { visible, in_flight: inFlight }] of this.known) {
      const group = this.drawing.group(id);
      if (!group) continue;
      const count = visible + inFlight;
      group.querySelector(".figure").textContent = count;
      group.classList.toggle(group.classList.contains("dead-letters") ? "alarm" : "filled", count > 0);
      group.setAttribute("aria-label", `${this.drawing.label(id)}: ${this.of(id)}`);
    }
  }
}
