// Plays one order on the map: highlights its events and workflow states, one after the other.
import { loadOrderSteps } from "./api.js";
import { element, formatTime } from "./elements.js";
import { t } from "./texts.js";

const STEP_MS = 600;

export class OrderPlayback {
  constructor(drawing, paths, animation) {
    Object.assign(this, { drawing, paths, animation });
    this.orderId = null;
    this.list = null;
    drawing.container.addEventListener("drawn", () => { if (this.orderId && this.list) this.highlightUntil(this.position); });
  }

  /** Starts to play the order. Returns the elements to show beside the map. */
  async open(orderId) {
    this.close();
    this.orderId = orderId;
    this.list = null;
    this.steps = await loadOrderSteps(orderId);
    if (this.orderId !== orderId) return []; // another order was opened meanwhile
    if (!this.steps.length) return [element("p", {}, t.noSteps)];
    this.list = element("ol", { class: "order-steps" });
    this.showSteps();
    this.play();
    const playAgain = element("button", { type: "button", class: "play-again", onclick: () => this.play() }, t.playAgain);
    return [
      element("p", {}, element("code", {}, orderId)),
      element("p", {}, t.stepByStep, " ", playAgain),
      this.list,
    ];
  }

  /** Loads steps that were added since: the timeline is a second behind the order. */
  async refresh(orderId) {
    const steps = await loadOrderSteps(orderId);
    if (this.orderId !== orderId || steps.length === this.steps.length) return;
    this.steps = steps;
    this.showSteps();
    if (this.timer) this.highlightUntil(Math.min(this.position, steps.length - 1));
    else this.goTo(steps.length - 1);
  }

  showSteps() {
    const startedAt = Date.parse(this.steps[0].at);
    this.list.replaceChildren(...this.steps.map((step, n) => this.listItem(step, n, startedAt)));
  }

  listItem(step, n, startedAt) {
    const seconds = ((Date.parse(step.at) - startedAt) / 1000).toFixed(2);
    const onclick = () => { this.pause(); this.goTo(n); };
    return element("li", {}, element("button", { type: "button", onclick },
      element("span", { class: "name" }, step.event ?? step.state),
      element("span", { class: "time" }, n ? t.secondsLater(seconds) : formatTime(step.at)),
      element("span", { class: "source" }, step.event ? t.publishedBy(step.service) : t.workflowState)));
  }

  play() {
    this.pause();
    this.goTo(0);
    this.timer = setInterval(() => {
      if (this.position + 1 < this.steps.length) this.goTo(this.position + 1);
      else this.pause();
    }, STEP_MS);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
  }

  goTo(n) {
    this.highlightUntil(n);
    if (this.steps[n].event) this.animation.play(this.steps[n]);
  }

  /** Highlights everything that the steps up to and including the n-th have reached. */
  highlightUntil(n) {
    this.position = n;
    this.clearHighlights();
    this.drawing.svg.classList.add("shows-order");
    for (const step of this.steps.slice(0, n + 1)) {
      for (const id of step.event ? this.groupsOfEvent(step) : this.paths.ofState(step)) {
        this.drawing.group(id)?.classList.add("reached");
      }
    }
    [...this.list.children].forEach((item, position) => {
      item.classList.toggle("reached", position <= n);
      if (position === n) item.firstChild.setAttribute("aria-current", "step");
      else item.firstChild.removeAttribute("aria-current");
    });
  }

  groupsOfEvent(event) {
    const { toBus, fromBus } = this.paths.ofEvent(event);
    return [...toBus, ...fromBus.flat()].flatMap((edge) => [`${edge.from}>${edge.to}`, edge.from, edge.to]);
  }

  clearHighlights() {
    for (const reached of this.drawing.svg.querySelectorAll(".reached")) reached.classList.remove("reached");
  }

  close() {
    this.pause();
    this.orderId = null;
    this.clearHighlights();
    this.drawing.svg.classList.remove("shows-order");
  }
}
