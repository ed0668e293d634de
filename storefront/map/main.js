// The live map: draws the shop, animates its events, and shows details of what is selected.
import { EventAnimation } from "./animation.js";
import { loadMap } from "./api.js";
import { Details } from "./details.js";
import { Drawing } from "./drawing.js";
import { element, formatTime } from "./elements.js";
import { EventPaths } from "./event-paths.js";
import { LiveFeed } from "./feed.js";
import { OrderPlayback } from "./playback.js";
import { QueueDepths } from "./queue-depths.js";
import { t } from "./texts.js";

const MAX_LISTED_EVENTS = 40;
const STATUS_CLASSES = { live: "live", polling: "live", unreachable: "broken", forbidden: "" };
const $ = (id) => document.getElementById(id);

const recentEvents = []; // newest first
let focusedBefore = null; // gets the focus back when the selection is closed

function showError(error) {
  const isForbidden = error.status === 401 || error.status === 403;
  const link = element("a", { href: "/sign-in?staff" }, t.signInLink);
  $("error").replaceChildren(...(isForbidden ? [t.signIn, " ", link] : [t.failed(error.message)]));
  $("error").hidden = !isForbidden && error.status === 0; // without a response, the status line is enough
}

function showStatus(status) {
  $("status").className = STATUS_CLASSES[status];
  $("status").textContent = t.statuses[status];
  if (status === "live" || status === "polling") $("error").hidden = true;
}

function start(map) {
  const paths = new EventPaths(map);
  const drawing = new Drawing(map, $("map"), (id) => select(id, details.title(id), details.body(id)));
  const animation = new EventAnimation(drawing, paths);
  const playback = new OrderPlayback(drawing, paths, animation);
  const queueDepths = new QueueDepths(drawing, showError);
  const details = new Details(map, queueDepths, () => recentEvents);

  function select(id, title, body) {
    playback.close();
    drawing.markSelected(id);
    showSelection(title, body);
  }

  async function openOrder(orderId) {
    drawing.markSelected(null);
    try {
      showSelection(t.orderTitle(orderId), await playback.open(orderId));
    } catch (error) {
      const message = error.status === 404 ? t.noSteps : t.failed(error.message);
      showSelection(t.orderTitle(orderId), [element("p", { role: "alert" }, message)]);
    }
  }

  function closeSelection() {
    playback.close();
    drawing.markSelected(null);
    $("selection").hidden = true;
    focusedBefore?.focus();
    focusedBefore = null;
  }

  function handleEvent(event, isNew) {
    listEvent(event, openOrder);
    if (!isNew) return;
    if (!playback.orderId) animation.play(event);
    else if (playback.orderId === event.order_id && playback.list) playback.refresh(event.order_id).catch(() => {}); // the next event tries again
  }

  $("close").addEventListener("click", closeSelection);
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape" && !$("selection").hidden) closeSelection(); });
  new LiveFeed(handleEvent, showStatus, showError);
}

function showSelection(title, body) {
  focusedBefore ??= document.activeElement;
  $("selection-title").textContent = title;
  $("selection-body").replaceChildren(...body);
  $("selection").hidden = false;
  $("selection-title").focus();
  $("sidebar").scrollTop = 0;
}

function listEvent(event, openOrder) {
  recentEvents.unshift(event);
  recentEvents.length = Math.min(recentEvents.length, MAX_LISTED_EVENTS);
  const { order_id: orderId } = event;
  const source = [t.publishedBy(event.service), orderId && t.order(orderId)].filter(Boolean).join(" · ");
  $("events").prepend(element("li", {}, element("button", { type: "button", disabled: !orderId, onclick: () => openOrder(orderId) },
    element("span", { class: "name" }, event.event),
    element("span", { class: "time" }, formatTime(event.at)),
    element("span", { class: "source" }, source))));
  while ($("events").childElementCount > MAX_LISTED_EVENTS) $("events").lastElementChild.remove();
  $("no-events").hidden = true;
}

loadMap().then(start, (error) => {
  if (error.status !== 404) return showError(error);
  $("error").textContent = t.noMap;
  $("error").hidden = false;
});
