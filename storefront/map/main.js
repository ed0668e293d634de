// The page of the map: draws it, keeps it alive, and shows what is chosen on it.
import { Details } from "./details.js";
import { Drawing } from "./drawing.js";
import { element, time } from "./elements.js";
import { Feed } from "./feed.js";
import { Figures } from "./figures.js";
import { Journey } from "./journey.js";
import { readMap } from "./shop.js";
import { t } from "./texts.js";
import { Travel } from "./travel.js";
import { Ways } from "./ways.js";

const SHOWN = 40; // facts in the list
const $ = (id) => document.getElementById(id);

const recent = [];
let chosen = null; // what had the focus before something was opened

function trouble(error) {
  const forbidden = error.status === 401 || error.status === 403;
  const link = element("a", { href: "/sign-in?staff" }, t.signInLink);
  $("trouble").replaceChildren(...(forbidden ? [t.signIn, " ", link] : [t.failed(error.message)]));
  $("trouble").hidden = !forbidden && error.status === 0; // no answer: the state says it
}

function state(now) {
  $("state").className = { live: "live", looking: "live", lost: "broken", closed: "" }[now];
  $("state").textContent = t[now];
  if (now === "live" || now === "looking") $("trouble").hidden = true;
}

function start(map) {
  const ways = new Ways(map);
  const drawing = new Drawing(map, $("map"), (id) => open(id, details.title(id), details.body(id)));
  const travel = new Travel(drawing, ways);
  const journey = new Journey(drawing, ways, travel);
  const figures = new Figures(drawing, trouble);
  const details = new Details(map, figures, () => recent);

  function open(id, title, body) {
    journey.close();
    drawing.press(id);
    show(title, body);
  }

  async function follow(order) {
    drawing.press(null);
    try {
      show(t.journey(order), await journey.open(order));
    } catch (error) {
      show(t.journey(order), [element("p", { role: "alert" }, error.status === 404 ? t.noJourney : t.failed(error.message))]);
    }
  }

  function close() {
    journey.close();
    drawing.press(null);
    $("chosen").hidden = true;
    chosen?.focus();
    chosen = null;
  }

  $("close").addEventListener("click", close);
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape" && !$("chosen").hidden) close(); });
  new Feed((fact, isNew) => {
    list(fact, follow);
    if (!isNew) return;
    if (!journey.order) travel.send(fact);
    else if (journey.order === fact.order_id && journey.list) journey.grow(fact.order_id).catch(() => {}); // the next tells
  }, state, trouble);
}

function show(title, body) {
  chosen ??= document.activeElement;
  $("chosen-title").textContent = title;
  $("chosen-body").replaceChildren(...body);
  $("chosen").hidden = false;
  $("chosen-title").focus();
  $("beside").scrollTop = 0;
}

function list(fact, follow) {
  recent.unshift(fact);
  recent.length = Math.min(recent.length, SHOWN);
  const { order_id: order } = fact;
  const pressed = { type: "button", disabled: !order, onclick: () => follow(order) };
  $("facts").prepend(element("li", {}, element("button", pressed,
    element("span", { class: "what" }, fact.fact),
    element("span", { class: "when" }, time(fact.at)),
    element("span", { class: "who" }, [t.said(fact.room), order && t.order(order)].filter(Boolean).join(" · ")))));
  while ($("facts").childElementCount > SHOWN) $("facts").lastElementChild.remove();
  $("no-news").hidden = true;
}

readMap().then(start, (error) => {
  if (error.status !== 404) return trouble(error);
  $("trouble").textContent = t.noMap;
  $("trouble").hidden = false;
});
