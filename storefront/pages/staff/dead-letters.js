// What the shop could not handle, room by room, and what to do about it.
import { html, nothing } from "/vendor/lit-html.js";
import { get } from "/shop/api.js";
import { t } from "/shop/texts.js";
import { callSignedIn } from "/shop/visitor.js";
import { table } from "./table.js";

const words = t.staff.deadLetters;

export function deadLetters(draw) {
  const list = { items: null, next: null, busy: false, trouble: null, more: look };

  function show() {
    const waiting = list.items?.reduce((sum, { count }) => sum + count, 0);
    draw(html`
      <p role="status">${list.items ? words.waiting(waiting) : nothing}</p>
      ${table(list, [
        [words.room, ({ room }) => room],
        [words.queue, ({ name, kind }) => html`${words.kinds[kind]}<br><code class="quiet">${name}</code>`],
        [words.count, ({ count }) => (count ? html`<strong class="alarm">${count}</strong>` : count)],
      ])}
      <p class="go"><button class="button plain" type="button" @click=${look}>${words.again}</button></p>
      <section class="panel" aria-labelledby="redrive">
        <h2 id="redrive">${words.how}</h2>
        <p>${words.first}</p>
        <dl class="advice">${Object.entries(words.advice).map(([kind, says]) => html`
          <dt>${words.kinds[kind]}</dt><dd>${says}</dd>`)}</dl>
        <pre tabindex="0">${words.command}</pre>
      </section>`);
  }

  async function look() {
    Object.assign(list, { busy: true, trouble: null });
    show();
    try {
      const [map, { body }] = await Promise.all([get("/map.json"), callSignedIn("GET", "/staff/map/figures")]);
      list.items = together(map, body.items);
    } catch (trouble) {
      list.trouble = trouble.status === 404 ? { message: t.staff.notYet } : trouble;
    }
    list.busy = false;
    show();
  }

  look();
}

/** The figures say how much is in which queue, the map which queue is of dead letters, and whose. */
function together({ nodes, edges, rooms }, figures) {
  const counts = new Map(figures.map(({ id, visible, in_flight: inFlight }) => [id, visible + inFlight]));
  const names = new Map(rooms.map(({ id, name }) => [id, name]));
  const queues = new Set(nodes.filter(({ kind }) => kind === "queue").map(({ id }) => id));
  const redriven = new Set(edges.filter(({ from }) => queues.has(from)).map(({ to }) => to));
  return nodes.filter(({ kind }) => kind === "dead-letters").map(({ id, name, room }) => ({
    name,
    room: names.get(room) ?? room,
    kind: kindOf(name, redriven.has(id)),
    count: counts.get(id) ?? 0,
  }));
}

/** Only what came out of a queue can go back into one. */
function kindOf(name, isRedriven) {
  if (isRedriven) return "facts";
  return name === "Unpublished" ? "unpublished" : "clock";
}
