// One order's journey: every fact that was said of it and every state its workflow came to, lit up
// on the map one after the other.
import { element, time } from "./elements.js";
import { readStory } from "./shop.js";
import { t } from "./texts.js";

const STEP = 600; // ms

export class Journey {
  constructor(drawing, ways, travel) {
    Object.assign(this, { drawing, ways, travel });
    this.order = null;
    this.list = null;
    drawing.place.addEventListener("drawn", () => { if (this.order && this.list) this.walk(this.at); });
  }

  /** What to show of the order; it begins to play. */
  async open(order) {
    this.close();
    this.order = order;
    this.list = null;
    this.steps = await readStory(order);
    if (this.order !== order) return []; // another was chosen meanwhile
    if (!this.steps.length) return [element("p", {}, t.noJourney)];
    this.list = element("ol", { class: "journey" });
    this.write();
    this.play();
    const again = element("button", { type: "button", class: "again", onclick: () => this.play() }, t.again);
    return [
      element("p", {}, element("code", {}, order)),
      element("p", {}, t.journeyOf, " ", again),
      this.list,
    ];
  }

  /** Something more was said of it: a story is a second behind its order. */
  async grow(order) {
    const steps = await readStory(order);
    if (this.order !== order || steps.length === this.steps.length) return;
    this.steps = steps;
    this.write();
    if (this.playing) this.walk(Math.min(this.at, steps.length - 1));
    else this.step(steps.length - 1);
  }

  write() {
    const began = Date.parse(this.steps[0].at);
    this.list.replaceChildren(...this.steps.map((step, n) => this.item(step, n, began)));
  }

  item(step, n, began) {
    const after = ((Date.parse(step.at) - began) / 1000).toFixed(2);
    const press = () => { this.rest(); this.step(n); };
    return element("li", {}, element("button", { type: "button", onclick: press },
      element("span", { class: "what" }, step.fact ?? step.state),
      element("span", { class: "when" }, n ? t.after(after) : time(step.at)),
      element("span", { class: "who" }, step.fact ? t.said(step.room) : t.entered)));
  }

  play() {
    this.rest();
    this.step(0);
    this.playing = setInterval(() => {
      if (this.at + 1 < this.steps.length) this.step(this.at + 1);
      else this.rest();
    }, STEP);
  }

  rest() {
    clearInterval(this.playing);
    this.playing = null;
  }

  step(n) {
    this.walk(n);
    if (this.steps[n].fact) this.travel.send(this.steps[n]);
  }

  /** Everything up to this step is lit. */
  walk(n) {
    this.at = n;
    this.clear();
    this.drawing.svg.classList.add("on-journey");
    for (const step of this.steps.slice(0, n + 1)) {
      for (const id of step.fact ? this.along(step) : this.ways.entered(step)) {
        this.drawing.group(id)?.classList.add("walked");
      }
    }
    [...this.list.children].forEach((item, at) => {
      item.classList.toggle("walked", at <= n);
      if (at === n) item.firstChild.setAttribute("aria-current", "step");
      else item.firstChild.removeAttribute("aria-current");
    });
  }

  along(fact) {
    const { out, to } = this.ways.of(fact);
    return [...out, ...to.flat()].flatMap((edge) => [`${edge.from}>${edge.to}`, edge.from, edge.to]);
  }

  clear() {
    for (const walked of this.drawing.svg.querySelectorAll(".walked")) walked.classList.remove("walked");
  }

  close() {
    this.rest();
    this.order = null;
    this.clear();
    this.drawing.svg.classList.remove("on-journey");
  }
}
